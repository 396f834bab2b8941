import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-integrations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: shop }\nspec: { ports: [{ port: 80 }] }\n';
const split = (weight: number) =>
  `apiVersion: split.smi-spec.io/v1alpha4\nkind: TrafficSplit\nmetadata: { name: shop }\nspec:\n  service: shop\n  backends: [{ service: shop, weight: ${weight} }]\n`;
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      program,
      args,
      { cwd: folder, env: { ...process.env, ...env }, timeout: 60_000 },
      (error, stdout, stderr) => resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('--ignore', () => {
  test('leaves codes out, and says how many', async () => {
    write('a.yaml', `${service}---\n${split(-1)}---\n${split(0)}`);
    const { stdout, status } = await runCli([
      'validate',
      folder,
      '--ignore',
      'SMI2004, SMI3011',
      '--ignore',
      'SMI1008',
    ]);
    expect(stdout).toBe('valid: nothing to report in 2 objects, 2 findings left out\n');
    expect(status).toBe(0);
  });

  test('a code that does not exist is wrong use', async () => {
    const { stderr, status } = await runCli(['validate', folder, '--ignore', 'SMI451']);
    expect(stderr).toMatch(/"SMI451" is not a code of a finding; did you mean SMI4/);
    expect(status).toBe(2);
  });
});

describe('--watch', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'checks again after a change, and ends with the last verdict on %s',
    async (signal) => {
      write('a.yaml', `${service}---\n${split(1)}`);
      const child = spawn(process.execPath, [join(repository, 'src/cli/main.ts'), 'validate', '--watch', folder]);
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      let output = '';
      let seen = 0;
      child.stdout.on('data', (chunk) => {
        output += chunk;
      });
      /** Waits for a text after the one that was waited for before. */
      const said = async (text: string) => {
        while (output.indexOf(text, seen) < 0) await once(child.stdout, 'data');
        seen = output.indexOf(text, seen) + text.length;
      };
      await said('watching for changes');
      write('a.yaml', `${service}---\n${split(-1)}`);
      await said('invalid: 1 error');
      await said('watching for changes');
      write('a.yaml', `${service}---\n${split(2)}`);
      await said('\nvalid: ');
      await said('watching for changes');
      write('a.yaml', `${service}---\n${split(-2)}`);
      await said('invalid: 1 error');
      await said('watching for changes');
      child.kill(signal);
      expect(await ended).toBe(1);
      expect(output).not.toContain('\u001b');
    },
  );

  test.each([
    [['-o', 'json'], 'it does not go with --output'],
    [['-'], 'standard input cannot be watched'],
    [['--context', 'x'], 'it does not go with --context'],
  ])('%j is wrong use', async (args, sentence) => {
    const { stderr, status } = await runCli(['validate', '--watch', ...args]);
    expect(stderr).toContain(sentence);
    expect(status).toBe(2);
  });
});

describe('the pre-commit hook', () => {
  const [hook] = load(readFileSync(join(repository, '.pre-commit-hooks.yaml'), 'utf8')) as [
    { readonly entry: string; readonly args: readonly string[]; readonly pass_filenames: boolean },
  ];
  const [program = '', ...first] = hook.entry.split(' ');
  const commit = () => run(join(repository, 'bin', program), [...first, ...hook.args]);

  test('says nothing of a valid folder, and fails for an invalid one', async () => {
    write('a.yaml', `${service}---\n${split(1)}`);
    expect(await commit()).toEqual({ status: 0, stdout: '', stderr: '' });
    write('a.yaml', `${service}---\n${split(-1)}`);
    const { status, stdout } = await commit();
    expect(status).toBe(1);
    expect(stdout).toContain('error[SMI2004]');
    expect(hook.pass_filenames).toBe(false);
  });
});

describe('the GitHub Action', () => {
  interface Action {
    readonly inputs: Readonly<Record<string, { readonly default: string }>>;
    readonly runs: {
      readonly steps: readonly { readonly run?: string; readonly env?: Readonly<Record<string, string>> }[];
    };
  }
  const action = load(readFileSync(join(repository, 'action.yml'), 'utf8')) as Action;
  const step = action.runs.steps.at(-1);
  /** Runs the last step as the runner does: inputs filled in, with bash that ends at the first failure. */
  const runAction = (inputs: Readonly<Record<string, string>>) => {
    const value = (name: string) => inputs[name] ?? action.inputs[name]?.default ?? '';
    const filled = Object.entries(step?.env ?? {}).map(([name, text]) => [
      name,
      text.replace(/^\$\{\{ inputs\.([\w-]+) \}\}$/, (_, input: string) => value(input)),
    ]);
    const env = { ...Object.fromEntries(filled), GITHUB_ACTION_PATH: repository };
    return run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? ''], env);
  };

  test('annotates, and fails for errors', async () => {
    write('a.yaml', `${service}---\n${split(-1)}`);
    const { status, stdout, stderr } = await runAction({});
    expect(stdout).toContain('::error file=a.yaml,line=11,');
    expect(stderr).toBe('');
    expect(status).toBe(1);
  });

  test('takes several paths with spaces in them, what to ignore, and a file for SARIF', async () => {
    write('a b.yaml', service);
    write('c.yaml', split(-1));
    const { status, stdout } = await runAction({
      paths: 'a b.yaml\n\nc.yaml\n',
      ignore: 'SMI2004',
      'fail-on': 'warning',
      'sarif-file': 'out.sarif',
    });
    expect(stdout).not.toContain('::error');
    expect(status).toBe(0);
    expect(existsSync(join(folder, 'out.sarif'))).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'out.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' });
  });
});
