import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/lib/package-root.ts';

/** A name that is imported from a file, or that an entry point hands on from there. */
interface Named {
  readonly file: string;
  readonly name: string;
  readonly type: boolean;
}

const root = packageRoot();
const entryPoints = ['src/adapter/index.ts', 'src/adapter/data-plane.ts'];

/** The braces of `import` or `export ... from`, as names; a star is every type of the file. */
function namesOf(file: string, keyword: 'import' | 'export'): readonly Named[] {
  const text = readFileSync(join(root, file), 'utf8');
  const statement = new RegExp(`^${keyword} (type )?(\\*|\\{[^}]*\\}) from '(\\.[^']+)'`, 'gm');
  return [...text.matchAll(statement)].flatMap(([, type, braces = '', path = '']) => {
    const from = relative(root, join(root, dirname(file), path));
    if (braces === '*') return typesOf(from);
    return braces
      .slice(1, -1)
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map((item) => {
        const [name = ''] = item.replace(/^type /, '').split(' as ');
        return { file: from, name, type: type !== undefined || item.startsWith('type ') };
      });
  });
}

function typesOf(file: string): readonly Named[] {
  const text = readFileSync(join(root, file), 'utf8');
  const names = [...text.matchAll(/^export (?:interface|type) (\w+)|^export type \{([^}]*)\}/gm)];
  return names.flatMap(([, name, list]) =>
    (name === undefined ? (list ?? '').split(',') : [name])
      .map((each) => each.trim())
      .filter((each) => each !== '')
      .map((each) => ({ file, name: each, type: true })),
  );
}

describe('the entry points for adapters', () => {
  const handedOn = entryPoints.flatMap((file) => namesOf(file, 'export'));
  const values = new Set(handedOn.filter(({ type }) => !type).map(({ name }) => name));
  const types = new Set(handedOn.map(({ name }) => name));
  const adapters = [...new Set(globSync('adapters/*/', { cwd: root }))].sort();

  it.each(adapters)('%s uses nothing that a stranger could not', (folder) => {
    const imported = globSync(`${folder}/**/*.ts`, { cwd: root })
      .flatMap((file) => namesOf(file, 'import'))
      .filter(({ file }) => file.startsWith('src/'));
    expect(imported.length).toBeGreaterThan(0);
    const missing = imported.filter(({ name, type }) => !(type ? types : values).has(name));
    expect([...new Set(missing.map(({ file, name }) => `${file}: ${name}`))].sort()).toEqual([]);
  });
});
