import type { Translator } from '../../../src/adapter/contract.ts';
import { translators } from '../../../src/cli/translators.ts';

/** Of targets without access control: that somebody else has it. */
const chosen: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  toy: { access: 'elsewhere' },
  'gateway-api': { access: 'elsewhere' },
  istio: { datagrams: 'elsewhere' },
};

/** Options that change what is written so much that they are tried like a target of their own, beside the others. */
const apart: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  istio: { routes: 'gateway-api' },
};

/** A translator with options under which it takes every golden case. */
export interface TriedTarget {
  /** The adapter's id, and the options that it is tried with apart. */
  readonly name: string;
  readonly translator: Translator;
  readonly options: unknown;
}

/** Every translator of this package, and those that options make another target of. */
export async function triedTargets(): Promise<readonly TriedTarget[]> {
  const loaded = await Promise.all(Object.values(translators).map((load) => load()));
  return loaded.flatMap((translator) => {
    const { id } = translator;
    const further = apart[id];
    return [
      { name: id, translator, options: optionsOf(translator) },
      ...(further === undefined
        ? []
        : [{ name: `${id} ${textOf(further)}`, translator, options: optionsOf(translator, further) }]),
    ];
  });
}

function textOf(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

/** The options with which a translator takes every golden case, with further ones. */
export function optionsOf(translator: Translator, further: Readonly<Record<string, string>> = {}): unknown {
  const parsed = translator.parseOptions({ ...chosen[translator.id], ...further });
  if (!parsed.ok) throw new Error(parsed.error[0].message);
  return parsed.value;
}
