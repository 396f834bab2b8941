import type { PodFacts } from '../../src/metrics/directory.ts';
import { trafficLabels } from '../../test/support/telemetry/counting-proxy.ts';

const replicas = 10;

export function workloadAt(index: number): string {
  return `shop/app-${Math.floor(index / replicas)}-${index % replicas}`;
}

/** What a simulated pod is known to be by its name. */
export function factsOf(pod: string): PodFacts {
  const app = pod.replace(/-\d+$/, '');
  return { node: 'node-1', owners: [{ kind: 'Deployment', name: app }], services: [app] };
}

/** And what its account is known to be. */
export function accountOf(identity: string): PodFacts {
  return factsOf(identity.slice(identity.lastIndexOf('/') + 1));
}

/** The labels of what one pod asks of another, as either of them counts it. */
export function labelsBetween(from: number, to: number, direction: 'outbound' | 'inbound') {
  const [source, destination] = [from, to].map((index) => {
    const [, pod = ''] = workloadAt(index).split('/');
    const app = pod.replace(/-\d+$/, '');
    return { pod, app, owner: `Deployment/${app}`, identity: `spiffe://cluster.local/ns/shop/sa/${app}` };
  }) as [Named, Named];
  const outbound = direction === 'outbound';
  return trafficLabels({
    direction,
    source_namespace: 'shop',
    source_owner: source.owner,
    source_pod: outbound ? source.pod : '',
    source_identity: source.identity,
    destination: outbound ? `shop/${destination.app}:80` : workloadAt(to),
    destination_namespace: 'shop',
    destination_owner: destination.owner,
    destination_pod: destination.pod,
    destination_identity: destination.identity,
    backend: outbound ? `shop/${destination.app}` : '',
    rule: outbound ? '' : `shop/${destination.app}`,
  });
}

interface Named {
  readonly pod: string;
  readonly app: string;
  readonly owner: string;
  readonly identity: string;
}
