import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSourceReader, readSources, readSourceText } from '../../../src/source/read.ts';

const account = (name: string, more = '') =>
  `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${name}\n${more}`;

let root: string;
const write = (name: string, content: string) => {
  const path = join(root, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
};
const names = (paths: readonly string[]) => readSources(paths).documents.map(({ key }) => key.split('/').at(-1));
const codes = (paths: readonly string[]) =>
  readSources(paths).diagnostics.map(({ code, severity }) => [code, severity]);

/** Runs `read` as a user whom permissions bind: root reads everything. */
function withoutPrivilege<T>(read: () => T): T {
  if (process.getuid?.() !== 0) return read();
  chmodSync(root, 0o755);
  process.seteuid?.('nobody');
  try {
    return read();
  } finally {
    process.seteuid?.(0);
  }
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'smi-source-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('paths', () => {
  test('a folder is read recursively in order of names, without hidden folders, node_modules and other files', () => {
    write('b.yaml', account('b'));
    write('a/z.yml', account('az'));
    write('a/c.json', JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'ac' } }));
    write('.hidden/x.yaml', account('hidden'));
    write('.x.yaml', account('hidden'));
    write('node_modules/p/x.yaml', account('package'));
    write('notes.txt', 'no manifest');
    expect(names([root])).toEqual(['ac', 'az', 'b']);
  });

  test('a file that is named is read whatever its name is', () => {
    expect(names([write('manifest', account('a'))])).toEqual(['a']);
  });

  test('a file that is reached by two paths is read once', () => {
    const file = write('a.yaml', account('a'));
    expect(names([root, file])).toEqual(['a']);
    expect(codes([root, file])).toEqual([]);
  });

  test('glob patterns match files and folders', () => {
    write('x/one.yaml', account('one'));
    write('x/two.yaml', account('two'));
    write('y/three.yaml', account('three'));
    expect(names([join(root, 'x', 't*.yaml')])).toEqual(['two']);
    expect(names([join(root, '{x,y}')])).toEqual(['one', 'two', 'three']);
  });

  test('a file whose name looks like a pattern is read as that file', () => {
    expect(names([write('a[1].yaml', account('a'))])).toEqual(['a']);
  });

  test('a circle of links ends', () => {
    write('a.yaml', account('a'));
    symlinkSync(root, join(root, 'loop'));
    expect(readSources([root]).documents.length).toBeGreaterThan(0);
  });

  test('a link to nowhere is reported, and the rest is read', () => {
    write('a.yaml', account('a'));
    symlinkSync(join(root, 'gone'), join(root, 'b.yaml'));
    expect(names([root])).toEqual(['a']);
    expect(codes([root])).toEqual([['SMI1001', 'error']]);
    expect(readSources([root]).brokenFiles).toEqual([join(root, 'b.yaml')]);
  });

  test('a file without permission is reported', () => {
    chmodSync(write('a.yaml', account('a')), 0);
    expect(withoutPrivilege(() => codes([root]))).toEqual([['SMI1001', 'error']]);
  });

  test('an empty file is an error when it was named and a warning when it was found', () => {
    const file = write('a.yaml', '\n');
    expect(codes([file])).toEqual([['SMI1006', 'error']]);
    expect(codes([root])).toEqual([['SMI1006', 'warning']]);
  });

  test('a file without text counts as broken, one with comments alone does not', () => {
    const empty = write('a.yaml', '');
    write('b.yaml', '# later');
    expect(readSources([root]).brokenFiles).toEqual([empty]);
  });

  test('standard input is called <stdin>', () => {
    const set = readSources(['-'], { stdin: Buffer.from(account('a')) });
    expect(set.documents[0]?.file).toBe('<stdin>');
  });
});

describe('documents', () => {
  test('a broken file is named, and does not keep others from being read', () => {
    write('a.yaml', 'a: [');
    write('b.yaml', account('b'));
    const set = readSources([root]);
    expect(set.brokenFiles).toEqual([join(root, 'a.yaml')]);
    expect(set.documents).toHaveLength(1);
  });

  test('namespace defaults in the key, and is as written in the object', () => {
    const [document] = readSourceText('a', account('a')).documents;
    expect(document?.key).toBe('core/ServiceAccount/default/a');
    expect(document?.object.metadata).toEqual({ name: 'a' });
  });

  test('items of a List are objects of their own; those of a typed list inherit its kind', () => {
    const text = `apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplitList
items:
  - metadata: { name: one }
  - metadata: { name: two }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: List, items: [{ apiVersion: v1, kind: Pod, metadata: { name: three } }] }`;
    const set = readSourceText('a', text);
    expect(set.diagnostics).toEqual([]);
    expect(set.documents.map(({ key, apiVersion, index, within }) => [key, apiVersion, index, within])).toEqual([
      ['split.smi-spec.io/TrafficSplit/default/one', 'split.smi-spec.io/v1alpha4', 0, 'items[0]'],
      ['split.smi-spec.io/TrafficSplit/default/two', 'split.smi-spec.io/v1alpha4', 0, 'items[1]'],
      ['core/Pod/default/three', 'v1', 1, 'items[0].items[0]'],
    ]);
  });

  test('YAML 1.2: `on` and dates are texts, octal needs 0o, and merge keys work', () => {
    const text = account('a', 'x: on\ny: 2020-01-01\nz: 010\nbase: &base { k: 1 }\nderived: { <<: *base }\n');
    expect(readSourceText('a', text).documents[0]?.object).toMatchObject({
      x: 'on',
      y: '2020-01-01',
      z: 10,
      derived: { k: 1 },
    });
  });

  test('a byte order mark is no part of the text', () => {
    const set = readSources(['-'], { stdin: Buffer.from(`\ufeff${account('a')}`) });
    expect(set.documents).toHaveLength(1);
    expect(set.locate({ object: set.documents[0]!.key, path: 'kind' })).toMatchObject({ line: 2, column: 7 });
  });

  test('a nameless object of a foreign group is a warning, of ours an error', () => {
    const nameless = (apiVersion: string) =>
      readSourceText('a', `apiVersion: ${apiVersion}\nkind: X`).diagnostics.map(({ severity }) => severity);
    expect(nameless('kustomize.config.k8s.io/v1beta1')).toEqual(['warning']);
    expect(nameless('split.smi-spec.io/v1alpha4')).toEqual(['error']);
  });

  test.each(['a/b', '', '3', '[x]'])('the name %j cannot be part of a key', (name) => {
    const text = `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}`;
    const set = readSourceText('a', text);
    expect(set.documents).toEqual([]);
    expect(set.diagnostics.map(({ code }) => code)).toEqual(['SMI1007']);
  });

  test('an alias bomb and a value that contains itself are refused', () => {
    const levels = 'abcdefghi'.split('');
    const bomb = levels.map((name, level) => {
      const inner =
        level === 0
          ? '1,1,1,1,1,1,1,1'
          : Array(8)
              .fill(`*${levels[level - 1]}`)
              .join(',');
      return `${name}: &${name} [${inner}]`;
    });
    const refused = (text: string) => readSourceText('a', text).diagnostics.map(({ code }) => code);
    expect(refused(bomb.join('\n'))).toEqual(['SMI1009']);
    expect(refused('a: &a { b: [*a] }')).toEqual(['SMI1009']);
    expect(refused('a: *nowhere')).toEqual(['SMI1009']);
  });

  test('deep nesting is refused, not a crash', () => {
    expect(readSourceText('a', '['.repeat(100_000)).brokenFiles).toEqual(['a']);
  });
});

describe('the same object twice', () => {
  test('with different content is an error, and both documents stay so that the object is refused', () => {
    write('a.yaml', account('a'));
    write('b.yaml', account('a', 'x: 1\n'));
    const set = readSources([root]);
    expect(set.documents).toHaveLength(2);
    expect(set.diagnostics).toMatchObject([
      { code: 'SMI1008', severity: 'error', location: { file: join(root, 'b.yaml'), line: 4, column: 9 } },
    ]);
    expect(set.locate(set.diagnostics[0]!.related![0]!)).toMatchObject({ file: join(root, 'a.yaml'), line: 4 });
  });

  test('with equal content is a warning, and one document stays', () => {
    const set = readSourceText('a', `${account('a')}---\n# again\n${account('a')}`);
    expect(set.documents).toHaveLength(1);
    expect(set.diagnostics.map(({ severity }) => severity)).toEqual(['warning']);
  });

  test('versions of an object are the same object', () => {
    const split = (version: string) =>
      `apiVersion: split.smi-spec.io/${version}\nkind: TrafficSplit\nmetadata: { name: a }\n`;
    expect(readSourceText('a', `${split('v1alpha3')}---\n${split('v1alpha4')}`).diagnostics).toHaveLength(1);
  });
});

describe('reading again', () => {
  test('keeps the documents of files that did not change', () => {
    write('a.yaml', account('a'));
    const changing = write('b.yaml', account('b'));
    const reader = createSourceReader();
    const before = reader.read([root]).documents;
    writeFileSync(changing, account('c'));
    const after = reader.read([root]).documents;
    expect(after[0]).toBe(before[0]);
    expect(after[1]?.key).toBe('core/ServiceAccount/default/c');
  });

  test('10,000 manifests take seconds at most, and far less the second time', () => {
    const lines = (index: number) =>
      `apiVersion: split.smi-spec.io/v1alpha4\nkind: TrafficSplit\nmetadata:\n  name: s${index}\nspec:\n  service: s\n  backends:\n    - service: a\n      weight: 1\n    - service: b\n      weight: 2\n`;
    for (let index = 0; index < 10_000; index++) writeFileSync(join(root, `${index}.yaml`), lines(index));
    const reader = createSourceReader();
    const start = performance.now();
    expect(reader.read([root]).documents).toHaveLength(10_000);
    // About half a second alone on a core; the bound leaves room for a machine that is busy.
    expect(performance.now() - start).toBeLessThan(8_000);
  });
});
