import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { cannotIntercept } from '../interop/support/network.ts';
import { envoyBinary } from '../support/envoy.ts';
import { checks, closedChecks } from '../support/pods-in-namespaces/scenario.ts';

const program = fileURLToPath(new URL('../support/pods-in-namespaces/run.ts', import.meta.url));
const { path: binary = '', reason: noEnvoy } = envoyBinary();
const lacks = noEnvoy ?? cannotIntercept();
if (lacks !== undefined && process.env.CI === 'true') throw new Error(lacks);

interface Seen {
  readonly results: Readonly<Record<string, string>>;
  readonly closed: Readonly<Record<string, string>>;
  /** What the sidecar of the server has printed. */
  readonly log: string;
  /** Configuration that an Envoy has refused, and what was wrong with the objects. */
  readonly told: readonly string[];
}

describe.skipIf(binary === '' || lacks !== undefined)(
  `pods in network namespaces, redirected to the real Envoy${lacks === undefined ? '' : ` (not tried: ${lacks})`}`,
  () => {
    let seen: Seen;
    beforeAll(async () => {
      const alone = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
      const { stdout } = await promisify(execFile)('unshare', [...alone, process.execPath, program, 'envoy']);
      seen = JSON.parse(stdout) as Seen;
    }, 600_000);

    it.each(checks.map(({ name }) => name))('%s', (name) => expect(seen.results[name]).toBe('ok'));
    it.each(closedChecks.map(({ name }) => name))('with registry-only, %s', (name) =>
      expect(seen.closed[name]).toBe('ok'),
    );

    it('log connections to ports that nobody declares', () => {
      const lines = seen.log.split('\n').filter((line) => line.includes('no container declares this port'));
      const ports = lines.map((line) => (JSON.parse(line) as { port: number; verdict: string }).port);
      expect(ports).toEqual(expect.arrayContaining([7777, 15_001, 15_006]));
    });

    it('refuse no configuration', () => expect(seen.told).toEqual([]));
  },
);
