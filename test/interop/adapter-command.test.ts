import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunCase } from '../../src/cli/adapter/report.ts';
import { runCli } from '../support/run-cli.ts';
import { parseXml } from '../support/xml.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'smi-adapter-command-'));
const mesh = join(folder, 'mesh');
// A program of this test cannot tell who calls, so that it may write nothing of a mesh that keeps callers out.
cpSync(join(root, 'test/golden/split-90-10/input'), mesh, { recursive: true });
writeFileSync(
  join(mesh, 'mesh.yaml'),
  'apiVersion: config.smi-mesh.io/v1alpha1\nkind: MeshConfig\nmetadata: { name: default }\nspec: { accessMode: allow }\n',
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In a folder of its own, as an author would; the mesh is small where any does. */
const smi = (...args: readonly string[]) => runCli(['adapter', ...args], { cwd: folder });
const test = (adapter: string, ...args: readonly string[]) => smi('test', adapter, '--manifests', mesh, ...args);

interface JsonReport {
  readonly verdict: string;
  readonly adapter: string;
  readonly cases: readonly RunCase[];
}

/** A program that is an adapter and writes one document; `body` is an expression. */
function program(name: string, body: string): string {
  const text = `#!${process.execPath}
const { operation, options } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const [option] = Object.keys(options);
const described = { contract: 1, id: 'lister', support: {} };
const emitted = () => ({ artifacts: [{ name: 'names', format: 'list', body: ${body}, origins: [] }] });
const answer = operation === 'describe' ? described : emitted();
console.log(JSON.stringify(option === undefined ? answer : { errors: [{ message: 'no option ' + option, hint: 'Leave it out.' }] }));
`;
  writeFileSync(join(folder, name), text, { mode: 0o755 });
  return `exec:./${name}`;
}

const steady = program('steady.cjs', "'nothing'");
const fickle = program('fickle.cjs', 'String(process.hrtime.bigint())');

describe('smi-cli adapter test', () => {
  it.each([['istio'], ['gateway-api'], [join(root, 'adapters/istio/index.ts')]])(
    'holds %s against the contract',
    async (name) => {
      const { status, stdout, stderr } = await smi('test', name);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^passed: \d+ of \d+ cases of the contract hold for (istio|gateway-api)\n/);
      expect(status).toBe(0);
    },
    60_000,
  );

  it.each([
    ['passes', steady, 0],
    ['fails', fickle, 1],
  ])(
    'says the same in each format of one that %s',
    async (verb, adapter, status) => {
      const [text, json, junit] = await Promise.all([
        test(adapter),
        test(adapter, '-o', 'json'),
        test(adapter, '-o', 'junit'),
      ]);
      expect([text, json, junit].map((run) => run.status)).toEqual([status, status, status]);

      const report = JSON.parse(json.stdout) as JsonReport;
      expect(report).toMatchObject({ verdict: verb.slice(0, 4), adapter: 'lister' });
      const failed = report.cases.filter(({ problems }) => problems.length > 0).map(({ name }) => name);
      const skipped = report.cases.filter((one) => one.skipped !== undefined);
      expect(failed.length > 0).toBe(status === 1);

      const held = report.cases.length - failed.length - skipped.length;
      expect(text.stdout).toContain(
        `ed: ${held} of ${report.cases.length} cases of the contract hold for lister; what it says of traffic was not judged\n`,
      );
      expect([...text.stdout.matchAll(/^failed {2}(.*)$/gm)].map(([, name]) => name)).toEqual(failed);

      const xml = parseXml(junit.stdout.replace(/^<\?xml .*\?>\n/, ''));
      const counts = { tests: report.cases.length, failures: failed.length, skipped: skipped.length };
      expect(xml.all('testsuite')[0]?.attributes).toMatchObject(
        Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)])),
      );
      const cases = xml.all('testcase').map(({ attributes }) => attributes.name);
      expect(cases).toEqual(report.cases.map(({ name }) => name));
      expect(xml.all('failure')).toHaveLength(failed.length);
      expect(xml.all('skipped')).toHaveLength(skipped.length);
    },
    60_000,
  );

  it.each([
    ['crashes', 'process.exit(3)', /SMI5006 is no refusal \(SMI5004\): .* emit: it ended with status 3/],
    ['answers no JSON', "console.log('hello')", /SMI5006 is no refusal \(SMI5004\): .* emit: the answer is not JSON/],
  ])('fails one that %s when it is asked to emit', async (what, instead, said) => {
    const name = `${what.replaceAll(' ', '-')}.cjs`;
    const body = `(() => { if (operation === 'emit') { ${instead}; process.exit(0); } })()`;
    const { status, stdout } = await test(program(name, body));
    expect(stdout).toMatch(said);
    expect(stdout).not.toContain('refused:');
    expect(status).toBe(1);
  });

  it('compares with goldens, and writes and removes them when told', async () => {
    const goldens = join(folder, 'goldens');
    const compare = (...args: readonly string[]) => test(steady, '--goldens', 'goldens', ...args);
    expect(await compare()).toMatchObject({ status: 1, stdout: expect.stringContaining('--update writes it') });
    expect((await compare('--update')).status).toBe(0);
    const [file = ''] = readdirSync(goldens);
    expect(readFileSync(join(goldens, file), 'utf8')).toContain('body: nothing\n');
    expect((await compare()).status).toBe(0);

    appendFileSync(join(goldens, file), 'more\n');
    writeFileSync(join(goldens, 'stray.yaml'), '');
    const { status, stdout } = await compare();
    expect(status).toBe(1);
    expect(stdout).toContain(`goldens/${file}:`);
    expect(stdout).toContain('goldens/stray.yaml belongs to no model; --update removes it');
    expect((await compare('--update')).status).toBe(0);
    expect(readdirSync(goldens)).toEqual([file]);
    expect((await compare()).status).toBe(0);
  }, 60_000);

  it.each<[string, readonly string[], number, RegExp]>([
    ['an adapter that is not there', ['exec:./nothing'], 3, /^error\[SMI5006\].*there is no such program/],
    ['a module without an adapter', [join(root, 'src/cli/exit-codes.ts')], 3, /it exports no adapter\n.*as default/],
    ['manifests that are not there', [steady, '--manifests', 'nothing'], 1, /^error\[SMI1001\]: cannot read nothing/],
    ['--update without --goldens', [steady, '--update'], 2, /^error: --update belongs to --goldens/],
    ['a format that there is not', [steady, '-o', 'html'], 2, /^error: .*'html' is invalid/],
  ])('refuses %s', async (_, args, status, said) => {
    const run = await smi('test', ...args);
    expect(run.stderr).toMatch(said);
    expect({ status: run.status, stdout: run.stdout }).toEqual({ status, stdout: '' });
  });

  it('fails for an option that the adapter refuses', async () => {
    const { status, stdout } = await test(steady, '--option', 'colour=red');
    expect(stdout).toContain('options: those given are accepted\n        no option colour\n');
    expect(status).toBe(1);
  });
});

describe('smi-cli adapter new', () => {
  it('writes a program in Python that keeps the contract', async () => {
    const made = await smi('new', 'toy', '--language', 'python');
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const [, next = ''] = /^ {2}smi-cli adapter test (\S+)$/m.exec(made.stdout) ?? [];
    const { status, stdout } = await test(next);
    expect(stdout).toMatch(
      /^passed: \d+ of \d+ cases of the contract hold for toy; what it says of traffic was not judged\n/,
    );
    expect(status).toBe(0);
  }, 60_000);

  it.each([
    ['Toy', /^error: "Toy" is no name of an adapter/],
    ['../toy', /^error: "..\/toy" is no name/],
    ['taken', /^error: taken is there already/],
  ])('does not write to %s', async (name, said) => {
    writeFileSync(join(folder, 'taken'), 'mine');
    const { status, stderr } = await smi('new', name);
    expect(stderr).toMatch(said);
    expect(status).toBe(2);
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('mine');
    expect(existsSync(join(folder, name, `${name}.ts`))).toBe(false);
  });
});
