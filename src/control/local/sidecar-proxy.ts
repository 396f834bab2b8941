import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { localAdminPort } from '../../kubernetes/local-addressing.ts';
import type { PodObject } from '../../kubernetes/types.ts';
import type { NonEmpty } from '../../lib/collections.ts';
import type { ProxyBootstrap } from '../../proxy/bootstrap.ts';
import { ask } from './metrics-scrape.ts';
import type { Enrolment, SidecarKind } from './sidecar.ts';
import { sidecarEnvironment } from './sidecar-environment.ts';

/** What is read here of a sidecar's `/config`. */
interface AdminConfig {
  readonly resources: readonly {
    readonly endpoints?: readonly { readonly workload: string; readonly ready: boolean }[];
  }[];
}

const drainMillis = 4_000;
const stateSuffix = '.proxy.json';

/** Our own proxy: `self` is the command that runs this program again, `directory` where it keeps what it must remember. */
export function proxySidecar(pod: PodObject, self: NonEmpty<string>, directory: string): SidecarKind {
  const address = pod.ips[0] ?? '';
  return {
    graceMillis: 2 * drainMillis,
    launch: (enrolment) => ({
      command: [...self, 'proxy', '--bootstrap-fd', '3'] as unknown as NonEmpty<string>,
      cwd: directory,
      env: sidecarEnvironment(pod),
      secret: JSON.stringify(bootstrap(pod, directory, enrolment)),
    }),
    async knowsReady(workloads) {
      const text = await ask(address, '/config');
      if (text === undefined) return false;
      const { resources } = JSON.parse(text) as AdminConfig;
      const endpoints = resources.flatMap((resource) => resource.endpoints ?? []);
      return endpoints.every(({ workload, ready }) => ready || !workloads.has(workload));
    },
  };
}

function bootstrap({ meta, ips }: PodObject, directory: string, { ads, svid }: Enrolment): ProxyBootstrap {
  const { namespace, name } = meta;
  return {
    node: `${namespace}/${name}`,
    admin: { address: ips[0] ?? '', port: localAdminPort },
    secret: svid,
    ads: { address: ads.address, port: ads.port, serverIdentity: ads.identity },
    stateFile: join(directory, `${namespace}.${name}${stateSuffix}`),
    drainMillis,
  };
}

/**
 * Removes what sidecars of an earlier run kept: it is good for one that comes back during a run, and says nothing of the
 * addresses of the next.
 */
export function forgetProxies(directory: string): void {
  for (const file of readdirSync(directory)) {
    if (file.endsWith(stateSuffix)) rmSync(join(directory, file), { force: true });
  }
}
