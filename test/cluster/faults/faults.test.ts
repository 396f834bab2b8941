import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { cannotIntercept } from '../../interop/support/network.ts';
import { envoyBinary } from '../../support/envoy.ts';

const program = fileURLToPath(new URL('run.ts', import.meta.url));
const { path: binary = '', reason: noEnvoy } = envoyBinary();
const lacks = noEnvoy ?? cannotIntercept();
if (lacks !== undefined && process.env.CI === 'true') throw new Error(lacks);

type Counts = Readonly<Record<string, number>>;

interface Phase {
  /** Answers that clients without retries got, from the fault until a change after it had landed. */
  readonly buyer: Counts;
  readonly thief: Counts;
  readonly landedMillis: number;
}

const faults = [
  'apiserver down',
  'etcd restarted',
  'watches compacted',
  'controller killed while objects change',
  'webhook down',
  '500 pods churned',
];

/** `SMI_MESH_OUTAGE_SECONDS=120` makes the outage of the apiserver the long one. */
describe.skipIf(binary === '' || lacks !== undefined)(
  `traffic of Envoys with a real apiserver${lacks === undefined ? '' : ` (not tried: ${lacks})`}`,
  () => {
    let phases: Readonly<Record<string, Phase>>;
    let endpoints: readonly number[];

    beforeAll(async () => {
      const alone = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
      const ran = promisify(execFile)('unshare', [...alone, process.execPath, program]);
      ran.child.stderr?.pipe(process.stderr);
      const { stdout } = await ran;
      ({ phases, endpoints } = JSON.parse(stdout) as { phases: typeof phases; endpoints: number[] });
    }, 1_200_000);

    it.each(faults)('keeps its policy: %s', (name) => {
      const { buyer, thief } = phases[name]!;
      expect(Object.keys(thief)).toEqual(['403']);
      for (const answer of Object.keys(buyer)) expect(answer).toMatch(/^200 store-[ab]$/);
    });

    it('has no endpoint twice, and none that is gone', () => expect(endpoints).toEqual([500, 0]));
  },
);
