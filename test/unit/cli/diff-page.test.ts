import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCli } from '../../support/run-cli.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = readFileSync(`${root}/docs/diff.md`, 'utf8');
const examples = Array.from(
  page.matchAll(/```console\n\$ smi-cli (.*)\n([\s\S]*?)```/g),
  ([, command = '', output = '']) => [command, output],
);

test('the page has examples', () => {
  expect(examples.length).toBeGreaterThan(1);
});

test.each(examples)('smi-cli %s prints what the page says', async (command, output) => {
  const { stdout } = await runCli((command ?? '').split(' '), { cwd: root });
  expect(stdout).toBe(output);
});

test('the picture is what smi-cli matrix draws', async () => {
  const { stdout } = await runCli(['matrix', 'examples/bookstore', '-o', 'svg'], { cwd: root });
  expect(stdout).toBe(readFileSync(`${root}/docs/img/matrix.svg`, 'utf8'));
});
