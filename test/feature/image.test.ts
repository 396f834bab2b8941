import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeImageTree } from '../../scripts/image.mjs';
import { copyProgram } from '../../src/cni/program.ts';
import { packageVersion } from '../../src/lib/package-version.ts';

const possible = process.platform === 'linux' && existsSync('/usr/sbin/xtables-nft-multi') && process.getuid?.() === 0;
let folder = '';

/** Runs a program with the image as its root, as the user that the image names, in a network of its own. */
function inImage(command: readonly string[], user = '65532:65532'): string {
  const args = ['--net', '--', 'chroot', `--userspec=${user}`, folder, ...command];
  return execFileSync('unshare', args, { encoding: 'utf8', env: { PATH: process.env.PATH } });
}

describe.runIf(possible)('the image', () => {
  beforeAll(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'smi-mesh-image-')), 'root');
    makeImageTree(folder, process.execPath);
  }, 120_000);

  afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

  test('runs the program without anything of the machine', () => {
    expect(inImage(['/usr/bin/smi-cli', 'version'])).toContain(`smi-mesh ${packageVersion()} `);
  });

  test('has what the program reads at run time', () => {
    const example = '/opt/smi-mesh/schemas/crds/trafficsplits.split.smi-spec.io.yaml';
    expect(inImage(['/usr/bin/smi-cli', 'validate', example])).toMatch(/^valid/);
  });

  test('has both kinds of iptables with what redirection needs', () => {
    for (const name of ['iptables', 'ip6tables', 'iptables-legacy', 'ip6tables-nft']) {
      expect(inImage([`/usr/sbin/${name}`, '--version'], '0:0')).toContain('v1.');
    }
    const rule = [
      '-t',
      'nat',
      '-A',
      'OUTPUT',
      '-p',
      'tcp',
      '-m',
      'owner',
      '!',
      '--uid-owner',
      '15000',
      '-j',
      'REDIRECT',
    ];
    inImage(['/usr/sbin/iptables', ...rule], '0:0');
  });

  test('has what calls the system for intercepted connections', () => {
    const load = `import('/opt/smi-mesh/node_modules/koffi/index.js').then((koffi) => koffi.default.load('libc.so.6'))`;
    inImage(['/usr/bin/node', '--eval', load]);
  });

  test('has a CNI plug-in that needs nothing of the node but a shell', () => {
    const bin = join(folder, '..', 'bin');
    mkdirSync(bin);
    const plugin = copyProgram(folder, bin, 'smi-mesh-cni');
    const caller = fileURLToPath(new URL('../interop/namespaces/plugin.ts', import.meta.url));
    const output = execFileSync('unshare', ['--net', process.execPath, caller, plugin], { encoding: 'utf8' });
    expect(JSON.parse(output)).toMatchObject({
      add: { code: 0 },
      after: 0,
      traffic: ['sidecar 15001 10.96.0.10:80', 'outside 9000 10.77.0.1:9000', 'sidecar 15006 10.77.0.2:8080', false],
    });
    expect(readdirSync(bin)).toEqual(['smi-mesh-cni', 'smi-mesh-cni.d']);
    expect(readdirSync(join(bin, 'smi-mesh-cni.d'))).toHaveLength(1);
  });

  test('has no shell and no package manager', () => {
    const programs = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin'].flatMap((name) =>
      existsSync(join(folder, name)) ? readdirSync(join(folder, name)) : [],
    );
    expect(programs.filter((name) => !/tables/.test(name)).toSorted()).toEqual(['node', 'smi-cli']);
  });

  test('nothing in it can be written by others', () => {
    const writable = execFileSync('find', [folder, '-perm', '-o+w', '!', '-type', 'l'], { encoding: 'utf8' });
    expect(writable.trim()).toBe(join(folder, 'tmp'));
    expect(statSync(join(folder, 'usr/bin/node')).size).toBeLessThan(200_000_000);
  });
});
