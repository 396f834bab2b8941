import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { until } from '../../e2e/support/mesh.ts';

export interface PrometheusSettings {
  /** Of this machine, and nobody else's. */
  readonly address: string;
  /** As in `scrape_configs`. */
  readonly jobs: readonly object[];
  readonly native: boolean;
}

export interface RunningPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

const port = 19_090;
const startMillis = 60_000;

/** Where one answers that is started at an address. */
export function prometheusUrl(address: string): string {
  return `http://${address}:${port}`;
}

/** What reads proxies at `HOST:PORT`s. */
export const proxiesJob = (targets: readonly string[]) => ({ job_name: 'proxies', static_configs: [{ targets }] });

/** Debian's Prometheus, which reads all targets once a second unless their jobs say otherwise. */
export async function startPrometheus({ address, jobs, native }: PrometheusSettings): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'smi-prometheus-'));
  const config = join(folder, 'prometheus.yaml');
  writeFileSync(config, stringify({ global: { scrape_interval: '1s' }, scrape_configs: jobs }));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}:${port}`,
      '--log.level=warn',
      ...(native ? ['--enable-feature=native-histograms'] : []),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr?.on('data', (piece: Buffer) => {
    said = `${said}${piece.toString()}`.slice(-4_000);
  });
  const url = prometheusUrl(address);
  const ready = async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.status === 200;
  await until(ready, startMillis, () => `Prometheus; it said ${said}`);
  return {
    url,
    stop: async () => {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
