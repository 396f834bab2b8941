import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCompiler, defaultCompileOptions, type MeshInput } from '../../../src/compile/index.ts';
import { canonicalJson, hashModel } from '../../../src/model/canonical.ts';
import type { ModelChanges } from '../../../src/model/changes.ts';
import { checkModel } from '../../../src/model/check.ts';
import { decide } from '../../../src/model/decide.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { changeOf, edited, inputEdit } from '../../support/generate/input-edits.ts';
import { group, http, nothing, pod, service, split, target } from '../../support/objects.ts';

function nodes(model: MeshModel): readonly (readonly [string, unknown])[] {
  return (['services', 'workloads', 'outbound', 'inbound'] as const).flatMap((part) =>
    Object.entries(model[part]).map(([id, node]): [string, unknown] => [`${part} ${id}`, node]),
  );
}

function changedIds(changed: ModelChanges): ReadonlySet<string> {
  return new Set(Object.entries(changed).flatMap(([part, ids]) => [...ids].map((id) => `${part} ${id}`)));
}

function shuffled(input: MeshInput): MeshInput {
  return Object.fromEntries(
    Object.entries(input).map(([list, items]) => [list, Array.isArray(items) ? [...items].reverse() : items]),
  ) as unknown as MeshInput;
}

describe('after any sequence of edits', () => {
  it('the result is that of a fresh compiler, sound, and keeps every node that did not change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(inputEdit, fc.integer({ min: 0, max: 4 })), { minLength: 1, maxLength: 40 }),
        (edits) => {
          const [compiler, updated] = [createCompiler(), createCompiler()];
          let input: MeshInput = nothing;
          let previous = new Map<string, unknown>();
          for (const [one, chance] of edits) {
            input = edited(input, one, chance === 0);
            const { model, diagnostics, changed } = compiler.compile(input, defaultCompileOptions);
            const fresh = createCompiler().compile(input, defaultCompileOptions);
            expect(model).toEqual(fresh.model);
            expect(diagnostics).toEqual(fresh.diagnostics);
            const update = updated.update(changeOf(one, chance === 0), defaultCompileOptions);
            expect(update).toEqual({ model, diagnostics, changed });
            expect(checkModel(model)).toEqual([]);
            const now = new Map(nodes(model));
            const different = new Set<string>();
            for (const id of new Set([...previous.keys(), ...now.keys()])) {
              const before = previous.get(id);
              if (before !== now.get(id)) different.add(id);
              if (before !== undefined && canonical(before) === canonical(now.get(id)))
                expect(now.get(id), id).toBe(before);
            }
            expect(different).toEqual(changedIds(changed));
            previous = now;
          }
          const last = createCompiler().compile(input, defaultCompileOptions);
          const { model, diagnostics } = createCompiler().compile(shuffled(input), defaultCompileOptions);
          expect({ model, diagnostics }).toEqual({ model: last.model, diagnostics: last.diagnostics });
        },
      ),
      { numRuns: 100 },
    );
  }, 120_000);

  it('every decision has shares that say where all requests go', () => {
    fc.assert(
      fc.property(
        fc.array(inputEdit, { minLength: 20, maxLength: 60 }),
        fc.constantFrom('/x', '/y', '/%zz'),
        (edits, path) => {
          const input = edits.reduce<MeshInput>((so, one) => edited(so, one), nothing);
          const { model } = createCompiler().compile(input, defaultCompileOptions);
          for (const from of Object.values(model.workloads).map(({ name }) => name)) {
            const decision = decide(model, http(from, 'a:80', `GET ${path}`));
            const sum = decision.targets.reduce((total, { weight }) => total + weight, 0);
            if (decision.outcome === 'rejected') expect([0, 400, 404, 503]).toContain(decision.status);
            else for (const { total } of decision.targets) expect(sum).toBe(total);
          }
        },
      ),
      { numRuns: 100 },
    );
  }, 120_000);
});

/** With origins, which are part of what is kept. */
function canonical(value: unknown): string {
  return JSON.stringify(value);
}

describe('an input that says the same', () => {
  const input: MeshInput = {
    ...nothing,
    services: [service('a'), service('b')],
    pods: [pod('a'), pod('b')],
    splits: [split('s', 'a', { a: 1, b: 1 })],
    routeGroups: [group('g', { m: { pathRegex: '/x' } })],
    targets: [target('t', 'a', ['b'], ['HTTPRouteGroup g'])],
  };

  it('gives the very same model', () => {
    const compiler = createCompiler();
    const first = compiler.compile(input, defaultCompileOptions);
    expect(compiler.compile(structuredClone(input), defaultCompileOptions).model).toBe(first.model);
    expect(compiler.compile(shuffled(input), defaultCompileOptions).model).toBe(first.model);
  });

  it('has the same canonical form and hash wherever it was written', () => {
    const moved = { ...input, routeGroups: [group('g', { other: { methods: ['PUT'] }, m: { pathRegex: '/x' } })] };
    const sameMeaning = { ...moved, targets: [target('t', 'a', ['b'], ['HTTPRouteGroup g m'])] };
    const [a, b] = [input, sameMeaning].map((one) => createCompiler().compile(one, defaultCompileOptions).model);
    if (a === undefined || b === undefined) throw new Error('nothing compiled');
    expect(canonicalJson(b)).toBe(canonicalJson(a));
    expect(hashModel(b)).toBe(hashModel(a));
    expect(b).not.toEqual(a);
    expect(canonicalJson(a)).not.toContain('origins');
  });

  it('asks matches in the order that their group has now', () => {
    const matches = { one: { methods: ['GET'] }, two: { methods: ['PUT'] } };
    const opening = target('t', 'a', ['b'], ['HTTPRouteGroup g']);
    const grouped = (names: readonly (keyof typeof matches)[]): MeshInput => ({
      ...input,
      targets: [opening],
      routeGroups: [group('g', Object.fromEntries(names.map((name) => [name, matches[name]])))],
    });
    const compiler = createCompiler();
    compiler.compile(grouped(['one', 'two']), defaultCompileOptions);
    const swapped = grouped(['two', 'one']);
    const { model } = compiler.compile(swapped, defaultCompileOptions);
    expect(model).toEqual(createCompiler().compile(swapped, defaultCompileOptions).model);
  });

  it('changes only the policy of the root when a weight changes', () => {
    const compiler = createCompiler();
    const before = compiler.compile(input, defaultCompileOptions).model;
    const edited = { ...input, splits: [split('s', 'a', { a: 1, b: 2 })] };
    const after = compiler.compile(edited, defaultCompileOptions).model;
    expect(hashModel(after)).not.toBe(hashModel(before));
    const kept = new Set(nodes(before).map(([, node]) => node));
    expect(
      nodes(after)
        .filter(([, node]) => !kept.has(node))
        .map(([id]) => id),
    ).toEqual(['outbound default/a']);
    expect(after.services).toBe(before.services);
  });
});
