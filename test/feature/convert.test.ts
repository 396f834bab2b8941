import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-convert-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** As a canary controller writes it: weights of 100, no comments, an owner. */
const flagger = `apiVersion: split.smi-spec.io/v1alpha1
kind: TrafficSplit
metadata:
  name: podinfo
  namespace: test
  ownerReferences:
    - apiVersion: flagger.app/v1beta1
      kind: Canary
      name: podinfo
      uid: 1d9f0a6c-0000-4000-8000-000000000000
      controller: true
spec:
  service: podinfo
  backends:
    - service: podinfo-canary
      weight: "10"
    - service: podinfo-primary
      weight: "90"
`;

const conditional = `# only testers
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata:
  name: canary
spec:
  service: web
  backends:
    - service: web-v2 # new
      weight: 1
  matches:
    - kind: HTTPRouteGroup
      name: testers
`;

describe('smi-cli convert', () => {
  test('prints a canary of Flagger in the newest version, and keeps the spelling of its weights', async () => {
    const file = write('canary.yaml', flagger);
    const { status, stdout, stderr } = await runCli(['convert', file, '--to', 'latest']);
    expect(status).toBe(0);
    expect(stderr).toContain('SMI2032');
    expect(stdout).toContain('apiVersion: split.smi-spec.io/v1alpha4');
    expect(stdout).toContain('- service: podinfo-canary\n      weight: 10\n');
    expect(stdout).toContain('smi-mesh.io/preserved-v1alpha1');
    const back = await runCli(['convert', '-', '--to', 'v1alpha1'], { stdin: stdout });
    expect(back.stdout).toBe(flagger.replaceAll('"', "'"));
  });

  test('a split of Argo Rollouts needs no annotation to be of another version', async () => {
    const argo = flagger.replace('v1alpha1', 'v1alpha3').replaceAll('"', '');
    const { stdout, stderr } = await runCli(['convert', write('rollout.yaml', argo), '--to', 'split=v1alpha2']);
    expect(stdout).toBe(argo.replace('v1alpha3', 'v1alpha2'));
    expect(stderr).toBe('');
  });

  test('in place, converts whole folders there and back, and leaves files with errors alone', async () => {
    mkdirSync(join(folder, 'below'));
    const good = write('below/split.yaml', conditional);
    const bad = write(
      'bad.yaml',
      `${conditional}---\n${conditional.replace('service: web\n', 'servce: web\n').replace('canary', 'x')}`,
    );
    const before = readFileSync(bad, 'utf8');
    const there = await runCli(['convert', folder, '--to', 'v1alpha2', '--in-place']);
    expect(there.status).toBe(1);
    expect(there.stdout).toBe('converted 1 object in 1 file; 1 file with errors left alone\n');
    expect(there.stderr).toContain('SMI2033');
    expect(readFileSync(bad, 'utf8')).toBe(before);
    expect(readFileSync(good, 'utf8')).toContain('    - service: web\n      weight: 1\n');
    await runCli(['convert', join(folder, 'below'), '--to', 'latest', '--in-place']);
    expect(readFileSync(good, 'utf8')).toBe(conditional);
  });

  test('in place, keeps mode and links, and leaves nothing else behind', async () => {
    const file = write('split.yaml', flagger);
    chmodSync(file, 0o640);
    symlinkSync(file, join(folder, 'link.yaml'));
    const { status } = await runCli(['convert', join(folder, 'link.yaml'), '--to', 'latest', '--in-place']);
    expect(status).toBe(0);
    expect(lstatSync(join(folder, 'link.yaml')).isSymbolicLink()).toBe(true);
    expect(lstatSync(file).mode & 0o777).toBe(0o640);
    expect(readFileSync(file, 'utf8')).toContain('v1alpha4');
    expect(readdirSync(folder).toSorted()).toEqual(['link.yaml', 'split.yaml']);
  });

  test('--strict refuses what only an annotation can say', async () => {
    const { status, stdout, stderr } = await runCli([
      'convert',
      write('a.yaml', conditional),
      '--to',
      'v1alpha2',
      '--strict',
    ]);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('error[SMI2033]');
  });

  test('warns where the restriction is in an annotation alone', async () => {
    const route = `apiVersion: specs.smi-spec.io/v1alpha4\nkind: TCPRoute\nmetadata: {name: db}\nspec: {matches: {ports: [5432]}}\n`;
    const { status, stdout, stderr } = await runCli(['convert', '-', '--to', 'v1alpha3', '-o', 'json'], {
      stdin: route,
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout).items[0]).toMatchObject({ apiVersion: 'specs.smi-spec.io/v1alpha3', spec: {} });
    expect(stderr).toContain('SMI2034');
  });

  test('a kind without the version stays, with a warning', async () => {
    const route = `apiVersion: specs.smi-spec.io/v1alpha4\nkind: UDPRoute\nmetadata: {name: dns}\nspec: {matches: {ports: [53]}}\n`;
    const { status, stdout, stderr } = await runCli(['convert', '-', '--to', 'v1alpha2'], { stdin: route });
    expect(status).toBe(0);
    expect(stdout).toBe(route);
    expect(stderr).toContain('SMI2035');
  });

  test('what cannot be edited exactly is left alone', async () => {
    const text = `apiVersion: v1
kind: List
items:
  - apiVersion: split.smi-spec.io/v1alpha4
    kind: TrafficSplit
    metadata: {name: canary}
    spec: {service: web, backends: [], matches: &testers [{kind: HTTPRouteGroup, name: g}]}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: other}
    data: *testers
`;
    const { status, stderr } = await runCli(['convert', write('a.yaml', text), '--to', 'v1alpha2', '--in-place']);
    expect(status).toBe(1);
    expect(stderr).toContain('SMI1011');
    expect(readFileSync(join(folder, 'a.yaml'), 'utf8')).toBe(text);
  });

  test.each([
    ['v1alph4', 'did you mean v1alpha4?'],
    ['splits=v1alpha2', 'did you mean "split"?'],
    ['metrics=v1alpha4', 'is not a version'],
  ])('--to %s is wrong use', async (to, hint) => {
    const { status, stderr } = await runCli(['convert', folder, '--to', to]);
    expect(status).toBe(2);
    expect(stderr).toContain(hint);
  });
});
