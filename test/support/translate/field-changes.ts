import { isDeepStrictEqual } from 'node:util';
import type { Translator } from '../../../src/adapter/contract.ts';
import { describeObject, type ObjectKey } from '../../../src/diagnostics/origin.ts';
import type { PathSegment } from '../../../src/lib/field-path.ts';
import { isRecord } from '../../../src/lib/values.ts';
import type { CheckedSources } from '../../../src/library/check.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { fieldsOf } from '../../../src/translate/ledger/fields.ts';
import { ledgerOf } from '../../../src/translate/ledger/ledger.ts';
import type { Fate } from '../../../src/translate/ledger/types.ts';
import { translate } from '../../../src/translate/translate.ts';
import type { GoldenCase } from '../mesh/cases.ts';
import { checkedCase, sourcesOf, withDocument } from './cases.ts';

/**
 * Changes every field of a case's objects, one at a time, and says where the ledger was wrong about it: a kept one that the
 * documents do not depend on though the mesh does, a lost or meaningless one that they do depend on, one that is missing.
 */
export function wrongFates(golden: GoldenCase, translator: Translator, options: unknown): readonly string[] {
  const sources = sourcesOf(golden);
  const before = checkedCase(golden, sources);
  const translation = translate(translator, before.model, options);
  const ledger = ledgerOf(before, translator, translation);
  const documents = outputOf(before, translator, options);
  const faults = faultsOf(before);
  const hash = meaningOf(before.model);
  const all = sources.files.flatMap((file) => file.documents);
  return all.flatMap((document, index) =>
    fieldsOf(document.object).flatMap(({ path, segments, value }) => {
      const what = `${golden.name}: ${describeObject(document.key)} ${path} = ${JSON.stringify(value)}`;
      const entry = ledger.objects
        .find(({ object }) => object === document.key)
        ?.fields.find((field) => field.path === path);
      if (entry === undefined) return [`${what} is not in the ledger`];
      if (entry.fate === 'as-is' || entry.fate === 'changed') return [];
      return others(value).flatMap((other) => {
        const changed = withDocument(sources, index, replaced(document.object, segments, other));
        const after = checkedCase(golden, changed);
        // One that mends or breaks an object makes other fields of it count, too.
        if (!isDeepStrictEqual(faultsOf(after), faults)) return [];
        const differs = !isDeepStrictEqual(outputOf(after, translator, options), documents);
        const problem =
          entry.fate === 'kept'
            ? meaningOf(after.model) !== hash &&
              !differs &&
              fateIn(after, document.key, path) === 'kept' &&
              'kept, and the documents are the same'
            : differs && fateIn(after, document.key, path) !== 'kept' && `${entry.fate}, and the documents differ`;
        return problem === false ? [] : [`${what} as ${JSON.stringify(other)}: ${problem} (${entry.why ?? ''})`];
      });
    }),
  );

  /** Of a changed input: a target that cannot say the new value says so, and a rule that nothing came to may be asked now. */
  function fateIn(after: CheckedSources, key: ObjectKey, path: string): Fate | undefined {
    const { objects } = ledgerOf(after, translator, translate(translator, after.model, options));
    return objects.find(({ object }) => object === key)?.fields.find((field) => field.path === path)?.fate;
  }
}

/** Weights mean shares. */
function meaningOf(model: MeshModel): string {
  return canonicalJson(
    JSON.parse(JSON.stringify(model), (_, value) => {
      if (!isRecord(value) || !Array.isArray(value.targets) || value.kind !== 'weighted') return value;
      const targets = value.targets as readonly { readonly weight: number }[];
      const total = targets.reduce((sum, { weight }) => sum + weight, 0);
      return { ...value, targets: targets.map((target) => ({ ...target, weight: target.weight / total })) };
    }),
  );
}

function outputOf({ model }: CheckedSources, translator: Translator, options: unknown): unknown {
  const { artifacts, refusals } = translate(translator, model, options);
  return [artifacts.map(({ name, format, body }) => ({ name, format, body })), refusals.length];
}

/** Without the words, which name the value. */
function faultsOf({ findings }: CheckedSources): readonly string[] {
  const grave = findings.filter(({ diagnostic }) => diagnostic.severity !== 'info');
  return grave.map(({ diagnostic: { code, origin } }) => `${code} ${origin?.object} ${origin?.path}`).sort();
}

/** What else the field could say. */
function others(value: unknown): readonly unknown[] {
  if (typeof value === 'number') return [value + 1];
  if (typeof value === 'boolean') return [!value];
  if (typeof value !== 'string' || value === '') return [];
  if (/^(GET|POST|PUT|DELETE)$/.test(value)) return [value === 'PUT' ? 'PATCH' : 'PUT'];
  return [`${value}x`];
}

function replaced(object: unknown, [first, ...rest]: readonly PathSegment[], value: unknown): Record<string, unknown> {
  if (first === undefined) return value as Record<string, unknown>;
  const child = (object as Record<PathSegment, unknown>)[first];
  const inner = replaced(child, rest, value);
  if (Array.isArray(object)) return object.with(Number(first), inner) as unknown as Record<string, unknown>;
  return { ...(object as object), [first]: inner };
}
