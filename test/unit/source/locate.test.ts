import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectKey } from '../../../src/diagnostics/origin.ts';
import { formatFieldPath, type PathSegment } from '../../../src/lib/field-path.ts';
import { readSourceText } from '../../../src/source/read.ts';

const head = 'apiVersion: v1\nkind: Thing\nmetadata:\n  name: thing\n';
const key = 'core/Thing/default/thing' as ObjectKey;

/** What is marked at a path: `LINE:COLUMN marked text`. */
function marked(text: string, path: string, mark?: 'key'): string {
  const set = readSourceText('a.yaml', text);
  const location = set.locate({ object: key, path, ...(mark === undefined ? {} : { mark }) });
  if (location === undefined) return 'nowhere';
  const { line, column, endColumn } = location;
  const shown = (set.lineOf('a.yaml', line) ?? '').slice(column - 1, endColumn === undefined ? column : endColumn - 1);
  return `${line}:${column} ${shown}`;
}

describe('a field is marked', () => {
  const text = `${head}spec:
  plain: value # remark
  quoted: "with \\" quote"
  "odd key": 1
  dotted.key/x: 2
  list:
    - first
    - name: second
      weight: 3
  flow: { a: [10, 20], b: }
  block: |
    many
    lines
  nothing:
  folded:
    below
`;
  test.each([
    ['spec.plain', '6:10 value'],
    ['spec.quoted', '7:11 "with \\" quote"'],
    ['spec["odd key"]', '8:14 1'],
    ['spec["dotted.key/x"]', '9:17 2'],
    ['spec.list', '10:3 list'],
    ['spec.list[0]', '11:7 first'],
    ['spec.list[1]', '12:7 name'],
    ['spec.list[1].weight', '13:15 3'],
    ['spec.flow', '14:3 flow'],
    ['spec.flow.a[1]', '14:19 20'],
    ['spec.flow.b', '14:24 b'],
    ['spec.block', '15:3 block'],
    ['spec.nothing', '18:3 nothing'],
    ['spec.folded', '19:3 folded'],
    ['spec', '5:1 spec'],
  ])('%s at %s', (path, expected) => expect(marked(text, path)).toBe(expected));

  test.each([
    ['spec.missing', '5:1 spec'],
    ['spec.list[1].missing', '12:7 name'],
    ['spec.list[7]', '10:3 list'],
    ['spec.plain.deeper', '6:10 value'],
    ['missing.altogether', '4:9 thing'],
    ['', '4:9 thing'],
  ])('%s, which is not there, by the nearest parent', (path, expected) => expect(marked(text, path)).toBe(expected));

  test('by its key where the key is at fault', () => {
    expect(marked(text, 'spec.list[1].weight', 'key')).toBe('13:7 weight');
    expect(marked(text, 'spec.missing', 'key')).toBe('5:1 spec');
  });

  test('through aliases and merge keys', () => {
    const aliased = `${head}base: &base { deep: [1, 2] }\nuse: *base\nmerged:\n  <<: *base\n  own: 3\n`;
    expect(marked(aliased, 'use')).toBe('6:6 *base');
    expect(marked(aliased, 'use.deep[1]')).toBe('5:25 2');
    expect(marked(aliased, 'merged.deep')).toBe('5:15 deep');
    expect(marked(aliased, 'merged.own')).toBe('9:8 3');
  });

  test('with Windows and old Macintosh line ends', () => {
    for (const end of ['\r\n', '\r']) {
      expect(marked(text.replaceAll('\n', end), 'spec.list[1].weight')).toBe('13:15 3');
    }
  });

  test('in JSON', () => {
    const json = JSON.stringify(
      { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'thing' }, spec: { a: [1] } },
      null,
      '\t',
    );
    expect(marked(json, 'spec.a[0]')).toMatch(/^9:4 1$/);
  });

  test('in the second document of a file, and in an item of a List', () => {
    expect(marked(`---\n# nothing\n---\n${head}spec: { a: 1 }`, 'spec.a')).toBe('8:12 1');
    const list = `apiVersion: v1\nkind: List\nitems:\n- {}\n- ${head.replaceAll('\n', '\n  ')}a: 1\n`;
    expect(marked(list, 'a')).toBe('9:6 1');
  });
});

/** Mappings and lists of scalars with awkward keys. */
const values = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.constant(null)),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.stringMatching(/^[a-z]{1,6}$/), fc.string({ minLength: 1, maxLength: 8 })), tie('tree'), {
      maxKeys: 4,
    }),
  ),
})).tree;

function paths(value: unknown, at: readonly PathSegment[] = []): readonly (readonly PathSegment[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const children = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return children.flatMap(([segment, child]) => [[...at, segment], ...paths(child, [...at, segment])]);
}

test('whatever is written, the line of a field contains its key', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), values, { maxKeys: 4 }), (spec) => {
      const object = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'thing' }, spec };
      const set = readSourceText('a.json', JSON.stringify(object, null, 1));
      expect(set.diagnostics).toEqual([]);
      for (const path of paths(spec, ['spec'])) {
        const location = set.locate({ object: key, path: formatFieldPath(path) });
        const field = path.at(-1);
        const line = set.lineOf('a.json', location?.line ?? 0) ?? '';
        if (typeof field === 'string') expect(line).toContain(`${JSON.stringify(field)}:`);
        else expect(line.trim()).not.toBe('');
      }
    }),
    { numRuns: 200 },
  );
});

test('the reader never throws, whatever the bytes', () => {
  const yamlish = fc
    .array(
      fc.constantFrom(
        'a',
        ': ',
        '- ',
        '\n',
        '  ',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '&a ',
        '*a',
        '|',
        '>',
        '---\n',
        '?',
        '#',
        '\t',
        '<<',
        '!!str ',
        '%',
        '\0',
        '\u2028',
        'kind',
        'items',
        'List',
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        yamlish,
        yamlish.map((text) => head + text),
      ),
      (text) => {
        const set = readSourceText('x', text);
        for (const document of set.documents) {
          const location = set.locate({ object: document.key, path: 'spec.a[0]' });
          expect(location?.line).toBeGreaterThan(0);
          expect(set.lineOf('x', location?.line ?? 0)).toBeDefined();
        }
        for (const { location } of set.diagnostics) expect(location?.column ?? 1).toBeGreaterThan(0);
        if (set.documents.length === 0) expect(set.diagnostics.length + set.brokenFiles.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 2_000 },
  );
});
