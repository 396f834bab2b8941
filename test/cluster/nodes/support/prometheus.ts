import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../e2e/support/mesh.ts';
import { moduleFolder } from '../../../support/go-module.ts';
import { type PodMonitor, scrapeJobs } from '../../../support/prometheus/pod-monitors.ts';
import { prometheusUrl, startPrometheus } from '../../../support/prometheus/server.ts';
import { outsideAddress } from '../../lab/addresses.ts';
import type { Lab } from '../../lab/lab.ts';
import { servePodDiscovery } from './pod-discovery.ts';

const operator = {
  path: 'github.com/prometheus-operator/prometheus-operator',
  version: 'v0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
};

/** The operator's own definitions of what the chart has for it. */
export async function defineMonitors(lab: Lab): Promise<void> {
  const folder = moduleFolder(operator);
  if (folder === undefined) throw new Error('there is no Go');
  for (const plural of ['podmonitors', 'prometheusrules']) {
    const file = join(folder, 'example/prometheus-operator-crd', `monitoring.coreos.com_${plural}.yaml`);
    await lab.must(['create', '--filename=-'], readFileSync(file, 'utf8'));
  }
  await lab.must(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
}

export interface MonitoredTarget {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A Prometheus on this machine, where pods reach it at `url`. */
export interface ClusterPrometheus {
  readonly url: string;
  targets(): Promise<readonly MonitoredTarget[]>;
  /** Resolves when every target of a job has been read twice. */
  twice(job: string): Promise<void>;
  stop(): Promise<void>;
}

/** Debian's Prometheus, which reads what the PodMonitors of the cluster say, as their operator would have it. */
export async function monitorCluster(lab: Lab): Promise<ClusterPrometheus> {
  const discovery = await servePodDiscovery(lab);
  const { items } = JSON.parse(await lab.must(['get', 'podmonitors', '--all-namespaces', '--output=json'])) as {
    readonly items: readonly PodMonitor[];
  };
  const jobs = items.flatMap((monitor) => scrapeJobs(monitor, discovery.url));
  const prometheus = await startPrometheus({ address: outsideAddress, jobs, native: true });
  const ask = async (path: string) => {
    const answer = await fetch(`${prometheus.url}/api/v1/${path}`, { signal: AbortSignal.timeout(10_000) });
    return ((await answer.json()) as { readonly data: unknown }).data;
  };
  const targets = async () => {
    const { activeTargets } = (await ask('targets?state=active')) as {
      readonly activeTargets: readonly MonitoredTarget[];
    };
    return activeTargets;
  };
  return {
    url: prometheusUrl(outsideAddress),
    targets,
    twice: async (job) => {
      const query = `count(count_over_time(up{job="${job}"}[1m]) > 1)`;
      const read = async () => {
        const { result } = (await ask(`query?${new URLSearchParams({ query })}`)) as {
          readonly result: readonly { readonly value: readonly [number, string] }[];
        };
        const present = (await targets()).filter(({ labels }) => labels.job === job).length;
        return present > 0 && Number(result[0]?.value[1]) >= present;
      };
      await until(read, 60_000, () => `two readings of every target of ${job}`);
    },
    stop: async () => {
      await prometheus.stop();
      discovery.stop();
    },
  };
}
