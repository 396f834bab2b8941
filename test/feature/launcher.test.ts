import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const systemPath = process.env.PATH ?? '';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-launcher-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(program: string, argv: readonly string[], path = systemPath): Promise<Run> {
  return new Promise((resolve) => {
    execFile(program, argv, { env: { ...process.env, PATH: path }, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** A folder with a `node` that says it is some version and prints what it is told to run. */
function fakeNode(version: string): string {
  const directory = join(folder, version);
  mkdirSync(directory, { recursive: true });
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\necho "${version} runs $*"\n`;
  writeFileSync(join(directory, 'node'), script);
  chmodSync(join(directory, 'node'), 0o755);
  return directory;
}

/** A copy of the launchers without what an installation would add. */
function bareCopy(name: string): string {
  const copy = join(folder, name);
  mkdirSync(join(copy, 'src/cli'), { recursive: true });
  cpSync(join(repository, 'bin'), join(copy, 'bin'), { recursive: true });
  return copy;
}

const withoutNode = systemPath
  .split(delimiter)
  .filter((directory) => /^\/(usr\/)?s?bin$/.test(directory))
  .join(delimiter);

describe('the launcher', () => {
  test('finds its checkout through links, absolute and relative', async () => {
    const absolute = join(folder, 'absolute');
    symlinkSync(join(repository, 'bin/smi-cli'), absolute);
    const relative = join(folder, 'relative');
    symlinkSync('absolute', relative);
    const { status, stdout } = await launch(relative, ['version']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('smi-mesh ')]);
  });

  test('takes a Node on PATH that is new enough', async () => {
    const copy = bareCopy('on-path');
    mkdirSync(join(copy, 'dist'));
    writeFileSync(join(copy, 'dist/smi-cli.mjs'), '');
    const { stdout } = await launch(join(copy, 'bin/smi-cli'), ['a', 'b c'], `${fakeNode('v22.12.0')}:/usr/bin:/bin`);
    expect(stdout).toBe(`v22.12.0 runs ${copy}/dist/smi-cli.mjs a b c\n`);
  });

  test.each(['v20.19.0', 'v22.11.9', 'nonsense'])('names what is missing when Node is %s', async (version) => {
    const copy = bareCopy(`old-${version}`);
    const { status, stderr } = await launch(join(copy, 'bin/smi-cli'), [], `${fakeNode(version)}:/usr/bin:/bin`);
    expect(status).toBe(2);
    expect(stderr).toContain(`needs Node 22.12 or newer, found on PATH: ${version}`);
    expect(stderr).toContain('npm install');
  });

  test('names the set-up when dependencies are missing', async () => {
    const copy = bareCopy('bare');
    const path = `${dirname(process.execPath)}:${withoutNode}`;
    const { status, stderr } = await launch(join(copy, 'bin/smi-cli'), [], path);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`run 'npm install' in ${copy}`)]);
  });

  test('kubectl smi is the same program and calls itself so', async () => {
    const { stdout } = await launch(join(repository, 'bin/kubectl-smi'), ['--help']);
    expect(stdout).toContain('Usage: kubectl smi ');
  });
});

describe('completion', () => {
  test('knows every command, and bash accepts the script', async () => {
    const help = await launch(join(repository, 'bin/smi-cli'), ['--help']);
    const commands = [...help.stdout.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map((found) => found[1] ?? '');
    expect(commands).toContain('validate');
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { status, stdout } = await launch(join(repository, 'bin/smi-cli'), ['completion', shell]);
      expect(status).toBe(0);
      for (const command of commands.filter((name) => name !== 'help')) expect(stdout).toContain(command);
      expect(stdout).toContain(shell === 'fish' ? '-l fail-on' : '--fail-on');
    }
  });

  test('bash completes commands and options with it', async () => {
    const { stdout: script } = await launch(join(repository, 'bin/smi-cli'), ['completion', 'bash']);
    const complete = async (...words: readonly string[]) => {
      const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _smi_cli; echo "\${COMPREPLY[@]}"`;
      return (await launch('bash', ['-c', `${script}\n${line}`])).stdout.trim();
    };
    expect(await complete('smi-cli', 'val')).toBe('validate');
    expect(await complete('smi-cli', 'validate', '--fail')).toBe('--fail-on');
  });
});
