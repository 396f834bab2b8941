import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Translator } from '../../../../src/adapter/contract.ts';
import { translateCommand } from '../../../../src/cli/commands/translate.ts';
import { type TranslateOptions, translateManifests } from '../../../../src/cli/translate/run.ts';
import { SimulatorFailed } from '../../../../src/plugins/simulator.ts';
import { toyTranslator } from '../../../support/translate/toy.ts';

const golden = (name: string) => fileURLToPath(new URL(`../../../golden/${name}/input`, import.meta.url));
const known = { toy: async () => toyTranslator };
const open = { access: 'elsewhere' };

let folder: string;
let stdout: string;
let stderr: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-translate-'));
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function translate(name: string, options: Partial<TranslateOptions> = {}): Promise<number> {
  return translateManifests([golden(name)], { to: 'toy', option: {}, output: 'yaml', ...options }, known);
}

describe('smi-cli translate', () => {
  test('prints documents, and what of them is exact on standard error', async () => {
    expect(await translate('split-90-10', { option: open })).toBe(0);
    expect(stderr).toBe('toy: 3 documents, nothing lost\n');
    expect(stdout.split('---\n')).toHaveLength(3);
    expect(stdout).toContain('percent: 90\n');
  });

  test('prints JSON that kubectl takes', async () => {
    expect(await translate('split-90-10', { option: open, output: 'json' })).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'List', items: [{ kind: 'ToyRoute' }, {}, {}] });
  });

  test('says by how much shares differ, where, and fails for it only when told', async () => {
    expect(await translate('split-thirds', { option: open })).toBe(0);
    expect(stderr).toMatch(/^toy: \d documents, 1 approximated\n/);
    expect(stderr).toContain('warning[SMI5001]: toy, weighted-split: weights 1:1:1 become percents 34:33:33');
    expect(stderr).toMatch(/--> \S+policy\.yaml:\d+:\d+/);
    expect(await translate('split-thirds', { option: open, strict: true })).toBe(1);
  });

  test('proves nothing with a simulator that fails, and says why', async () => {
    const failing = () => () => {
      throw new SimulatorFailed('it ended with status 1');
    };
    const broken = { toy: async () => ({ ...toyTranslator, simulate: failing }) };
    const options = { to: 'toy', option: open, output: 'yaml', prove: true } as const;
    expect(await translateManifests([golden('split-90-10')], options, broken)).toBe(1);
    expect(stdout).toBe('toy: not proven: it ended with status 1\n');
    // Of what stands in a file nobody sees the reason.
    expect(stderr).toMatch(/\ntoy: not proven: it ended with status 1\n$/);
  });

  test.each<[string, Partial<Translator>, string]>([
    ['does not mean what the mesh does', { simulate: () => () => ({ outcome: 'outside' }) }, 'the mesh has it'],
    ['cannot be read back', {}, 'since the adapter does not read its documents back'],
  ])('says on standard error too that what it wrote %s', async (_, more, why) => {
    const broken = { toy: async () => ({ ...toyTranslator, ...more }) as Translator };
    const options = { to: 'toy', option: open, output: 'yaml', prove: true } as const;
    expect(await translateManifests([golden('split-90-10')], options, broken)).toBe(1);
    expect(stderr).toMatch(new RegExp(`^toy: 3 documents, nothing lost\\ntoy: not proven[:,] ${why}.*\\n$`));
  });

  test('writes nothing of what the target refuses', async () => {
    expect(await translate('access-buyer-and-thief')).toBe(1);
    expect(stderr).toMatch(/^toy: refused, nothing is written\n\nerror\[SMI5004\]: toy cannot keep anyone out/);
    expect(stdout).toBe('');
  });

  test('takes pods of a cluster as those of the mesh that it translates to', async () => {
    const pods = ['shop', 'buyer'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, uid: `uid-of-${name}`, labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'web', ports: [{ containerPort: 8080 }] }] },
      status: { phase: 'Running', podIP: '10.0.0.1' },
    }));
    writeFileSync(join(folder, 'pods.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }));
    expect(await translateManifests([folder], { to: 'istio', option: {}, output: 'yaml' })).toBe(0);
    expect(stdout).toContain('name: smi-mesh-deny');
  });

  test('writes a file for each document, and says what else is there', async () => {
    writeFileSync(join(folder, 'old.yaml'), '');
    expect(await translate('split-90-10', { option: open, out: folder })).toBe(0);
    const files = readdirSync(folder).filter((file) => file.startsWith('toyroute.default.'));
    expect(files).toHaveLength(3);
    expect(readFileSync(join(folder, files[0] ?? ''), 'utf8')).toContain('kind: ToyRoute');
    expect(stderr).toContain(`note: ${folder} also has 1 other files, such as old.yaml`);
    expect(stdout).toBe('');
  });

  test('is wrong use for a target that nobody knows, and for an option that the adapter refuses', async () => {
    expect(await translate('split-90-10', { to: 'toi' })).toBe(2);
    expect(stderr).toContain('did you mean "toy"?');
    expect(await translate('split-90-10', { option: { acess: 'elsewhere' } })).toBe(2);
    expect(stderr).toContain('error[SMI5003]: toy option acess is not known');
  });

  test('reads options of adapters as names and values', () => {
    const command = translateCommand()
      .exitOverride()
      .action(() => {});
    const values = (...texts: readonly string[]) =>
      command.parse(['--to', 'x', ...texts.flatMap((text) => ['--option', text])], { from: 'user' }).opts().option;
    expect(values('a=true', 'b=12', 'c=v1=x', 'd=')).toEqual({ a: true, b: 12, c: 'v1=x', d: '' });
  });
});
