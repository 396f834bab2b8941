import { type Adapter, contractVersion, type Translator } from '../../adapter/contract.ts';
import { type Feature, features } from '../../adapter/features.ts';
import { featureUses } from '../../adapter/losses.ts';
import { closest } from '../../lib/suggest.ts';
import { isRecord } from '../../lib/values.ts';
import { type ContractCase, contractCase, type Subject } from '../case.ts';

/** Who the adapter is, and that options which it does not know are errors and no surprises. */
export function formCases(adapter: Translator): readonly ContractCase[] {
  return [
    contractCase('form: contract and name', () => [
      ...(adapter.contract === contractVersion
        ? []
        : [`contract is ${String(adapter.contract)}, not ${contractVersion}`]),
      ...(/^[a-z0-9][a-z0-9-]*$/.test(adapter.id)
        ? []
        : [`id ${JSON.stringify(adapter.id)} is not lower-case letters, digits and hyphens`]),
    ]),
    contractCase('options: none are needed', () => {
      const found = [undefined, {}].map((given) => adapter.parseOptions(given));
      return found.flatMap((result) => (result.ok ? [] : [result.error.map(({ message }) => message).join('; ')]));
    }),
    ...bad.map(([what, value]) =>
      contractCase(`options: ${what} is refused`, () => {
        const parsed = adapter.parseOptions(value);
        if (parsed.ok) return [`${JSON.stringify(value)} was accepted`];
        if (parsed.error.length === 0) return ['the error is empty'];
        return parsed.error.flatMap(({ code, severity, message, hint }) =>
          code === 'SMI5006'
            ? [`no answer: ${message}`]
            : [code, message, hint].every((text) => typeof text === 'string' && text !== '') && severity === 'error'
              ? []
              : [`${JSON.stringify({ code, severity, message, hint })} is no error with code, message and hint`],
        );
      }),
    ),
  ];
}

const bad = [
  ['an unknown option', { 'no-such-option': true }],
  ['a text', 'options'],
  ['a list', ['options']],
  ['null', null],
] as const;

/** The support table answers for every feature; what it does not call exact is shown by some model. */
export function supportCases({ adapter, models }: Subject): readonly ContractCase[] {
  const shownBy = new Map<Feature, string>();
  for (const { name, model } of models) {
    for (const { feature } of featureUses(model)) if (!shownBy.has(feature)) shownBy.set(feature, name);
  }
  return [
    contractCase('support: every feature, and no other', () => [
      ...features
        .filter((feature) => !Object.hasOwn(adapter.support, feature))
        .map((feature) => `${feature} is missing`),
      ...Object.keys(adapter.support)
        .filter((name) => !features.some((feature) => feature === name))
        .map((name) => `${name} is no feature${meaning(name)}`),
    ]),
    ...features.flatMap((feature): readonly ContractCase[] => {
      const level = adapter.support[feature]?.level;
      if (level === 'exact' || level === undefined) return [];
      const model = shownBy.get(feature);
      const name = `support: ${feature} is ${level === 'none' ? 'none' : 'approximate'}${model === undefined ? '' : `, shown by ${model}`}`;
      return [
        contractCase(name, () => entryProblems(adapter, feature), model === undefined ? 'no model uses it' : undefined),
      ];
    }),
  ];
}

function entryProblems({ support }: Adapter, feature: Feature): readonly string[] {
  const entry: unknown = support[feature];
  if (!isRecord(entry)) return ['the entry is no object'];
  if (entry.level !== 'approximate' && entry.level !== 'none')
    return [`level ${String(entry.level)} is none that there is`];
  const text = entry.level === 'none' ? entry.why : entry.how;
  return typeof text === 'string' && text.trim() !== ''
    ? []
    : [`it does not say ${entry.level === 'none' ? 'why' : 'how'}`];
}

function meaning(name: string): string {
  const near = closest(name, features);
  return near === undefined ? '' : `; did you mean ${near}?`;
}
