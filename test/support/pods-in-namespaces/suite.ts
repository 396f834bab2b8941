import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrafficSeries } from '../../../src/telemetry/snapshot.ts';
import { checks, closedChecks } from './scenario.ts';

interface Seen {
  readonly results: Readonly<Record<string, string>>;
  readonly closed: Readonly<Record<string, string>>;
  readonly counted: readonly TrafficSeries[];
  /** What the sidecar of the server has printed. */
  readonly log: string;
  /** Configuration that a sidecar has refused, and what was wrong with the objects. */
  readonly told: readonly string[];
}

/** The scenario with the sidecars of a data plane. `refusedPort`: the port that a line of their log says to be undeclared. */
export function describePods(
  dataPlane: 'proxy' | 'envoy',
  lacks: string | undefined,
  refusedPort: (line: string) => number | undefined,
): void {
  const title = `pods in network namespaces, redirected to ${dataPlane === 'envoy' ? 'the real Envoy' : 'our proxy'}`;
  describe.skipIf(lacks !== undefined)(`${title}${lacks === undefined ? '' : ` (not tried: ${lacks})`}`, () => {
    let seen: Seen;
    beforeAll(async () => {
      const program = fileURLToPath(new URL('run.ts', import.meta.url));
      const alone = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
      const { stdout } = await promisify(execFile)('unshare', [...alone, process.execPath, program, dataPlane]);
      seen = JSON.parse(stdout) as Seen;
    }, 600_000);

    it.each(checks.map(({ name }) => name))('%s', (name) => expect(seen.results[name]).toBe('ok'));
    it.each(closedChecks.map(({ name }) => name))('with registry-only, %s', (name) =>
      expect(seen.closed[name]).toBe('ok'),
    );

    it('count what they carry, and what stays outside', () => {
      const counted = seen.counted.flatMap(({ kind, labels, ended }) =>
        ended.map(({ code, verdict }) => ({ kind, ...labels, code, verdict })),
      );
      const from = { source_owner: 'Pod/buyer', source_identity: expect.stringMatching(/^spiffe:.*\/buyer$/) };
      const outbound = { direction: 'outbound', ...from, verdict: 'forwarded' };
      const inbound = { direction: 'inbound', ...from, verdict: 'allowed' };
      const store = { destination_owner: expect.stringMatching(/^Pod\/store-[ab]$/), backend: 'default/store' };
      for (const series of [
        {
          ...outbound,
          ...store,
          kind: 'http',
          destination: 'default/store:80',
          route: 'default/store:80#0',
          code: 200,
        },
        { ...outbound, ...store, kind: 'tcp', destination: 'default/store:9000', route: 'default/store:9000#0' },
        { ...outbound, kind: 'tcp', destination: 'outside', backend: 'outside', route: '' },
        { ...inbound, kind: 'http', rule: 'default/buyer-reads', code: 200 },
        { ...inbound, kind: 'tcp', rule: 'default/buyer-connects' },
      ]) {
        expect(counted).toContainEqual(expect.objectContaining(series));
      }
    });

    it('log connections to ports that nobody declares', () => {
      const ports = seen.log.split('\n').map(refusedPort);
      expect(ports).toEqual(expect.arrayContaining([7777, 15_001, 15_006]));
    });

    it('refuse no configuration', () => expect(seen.told).toEqual([]));
  });
}
