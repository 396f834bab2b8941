import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadCases } from '../../../src/conformance/load.ts';
import { runConformance } from '../../../src/conformance/run.ts';
import { readMesh } from '../../../src/conformance/targets/description.ts';
import { programTarget } from '../../../src/conformance/targets/program/target.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-programs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const loaded = loadCases();
const cases = (loaded.ok ? loaded.value : []).filter(({ name }) => name === 'access/default-deny');

function meshOf(command: readonly string[], more = '') {
  const file = join(folder, 'mesh.yaml');
  const lines = [
    'apiVersion: conformance.smi-mesh.io/v1alpha1',
    'kind: ConformanceMesh',
    'mode: program',
    'implementation: { organization: somebody, project: other }',
    `program: { command: ${JSON.stringify(command)} }`,
    'versions: [access.smi-spec.io/v1alpha3]',
    more,
  ];
  writeFileSync(file, lines.join('\n'));
  return readMesh(file);
}

async function reasonsOf(...command: readonly string[]): Promise<readonly string[]> {
  const mesh = meshOf(command);
  if (!mesh.ok || mesh.value.kind !== 'program') throw new Error('the target file is wrong');
  const results = await runConformance({ cases, target: programTarget(mesh.value) });
  return results.flatMap(({ result, reasons }) => (result === 'failed' ? reasons : [result]));
}

describe('a mesh that is a program', () => {
  test('is run where its file is, and carries everything but datagrams', () => {
    const value = { kind: 'program', command: ['./mesh'], folder, protocols: ['http', 'grpc', 'tcp'] };
    expect(meshOf(['./mesh'])).toMatchObject({ ok: true, value });
  });

  test.each([
    ['protocols: [udp]', /\/protocols\/0 must be equal to one of/],
    ['settles: { seconds: 1 }', /\/settles boolean schema is false/],
    ['injection: {}', /\/injection boolean schema is false/],
  ])('has no %s', (more, message) => {
    expect(meshOf(['./mesh'], more)).toMatchObject({ ok: false, error: { message: expect.stringMatching(message) } });
  });

  test.each([
    ['that cannot be run', [join(folder, 'nothing')], /cannot be run: .*ENOENT/],
    ['that ends', ['sh', '-c', 'echo no power >&2; exit 3'], /ended with status 3\nno power/],
    ['that says something else', ['sh', '-c', 'echo ready; cat >/dev/null'], /says what is no answer: ready/],
    ['that forgets to say where', ['sh', '-c', 'echo \'{"inForce":1}\'; cat >/dev/null'], /says what is no answer/],
  ])('fails its cases with the reason: one %s', async (_, command, message) => {
    const [reason] = await reasonsOf(...command);
    expect(reason).toMatch(/^the mesh did not start: the program of the mesh/);
    expect(reason).toMatch(message);
  });

  test('that listens for nothing fails them too', async () => {
    const script = 'while read -r n; do echo "{\\"inForce\\":$n,\\"listens\\":[]}"; done';
    const [reason] = await reasonsOf('sh', '-c', script);
    expect(reason).toMatch(/^the mesh does not listen for port 80 of smi-access-default-deny\/server/);
  });
});
