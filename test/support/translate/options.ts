import type { Translator } from '../../../src/adapter/contract.ts';

/** Of targets without access control: that somebody else has it. */
const chosen: Readonly<Record<string, unknown>> = {
  toy: { access: 'elsewhere' },
  'gateway-api': { access: 'elsewhere' },
  istio: { datagrams: 'elsewhere' },
};

/** The options with which a translator takes every golden case. */
export function optionsOf(translator: Translator): unknown {
  const parsed = translator.parseOptions(chosen[translator.id] ?? {});
  if (!parsed.ok) throw new Error(parsed.error[0].message);
  return parsed.value;
}
