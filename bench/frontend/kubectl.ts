import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchFailure } from '../failure.ts';
import { startDiscovery } from './discovery.ts';
import { costOf } from './process-cost.ts';
import type { Figure } from './report.ts';

export interface KubectlTask {
  /** A folder of manifests, and how many documents are in it. */
  readonly folder: string;
  readonly documents: number;
  /** For files of the measurement. */
  readonly aside: string;
}

/**
 * `kubectl apply --dry-run=client` on some of the manifests. Even a client's dry run asks an API server which kinds exist and
 * for each object; one that knows the kinds and has no object stands in, which leaves kubectl's own work and its pace of
 * requests. It checks no schema.
 */
export async function measureKubectl(
  { folder, documents, aside }: KubectlTask,
  progress: (line: string) => void,
): Promise<{ readonly figures: readonly Figure[]; readonly notes: readonly string[] }> {
  const discovery = await startDiscovery();
  try {
    const home = join(aside, 'kubectl');
    mkdirSync(home);
    // Neither the configuration nor the cache of whoever runs this, and no cluster of theirs.
    const configuration = join(home, 'config');
    writeFileSync(configuration, '{}');
    const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: configuration };
    const args = [
      'apply',
      '--dry-run=client',
      '--validate=false',
      '--server',
      discovery.url,
      '--recursive',
      '-f',
      folder,
    ];
    const { wallMillis, stdout } = await costOf('kubectl', args, { env });
    const done = stdout.split('\n').filter((line) => line.endsWith('(dry run)')).length;
    if (done !== documents) throw new BenchFailure(`kubectl took ${done} of ${documents} documents`);
    progress(`kubectl: ${documents} documents in ${wallMillis.toFixed(0)} ms`);
    const name = `\`kubectl apply --dry-run=client\`, ${documents} documents`;
    return { figures: [{ name, value: documents / (wallMillis / 1000), unit: 'documents/s' }], notes: [] };
  } catch (error) {
    if (!(error instanceof BenchFailure)) throw error;
    return { figures: [], notes: [`Nothing to compare with: ${error.message}`] };
  } finally {
    discovery.stop();
  }
}
