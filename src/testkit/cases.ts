import type { Translator } from '../adapter/contract.ts';
import { type ContractCase, contractCase, type Subject } from './case.ts';
import { closedCase } from './checks/access.ts';
import { emissionCases } from './checks/emission.ts';
import { formCases, supportCases } from './checks/form.ts';
import { type GoldenFolder, goldenCases } from './checks/goldens.ts';
import { proofCase } from './checks/proof.ts';
import { routingCase } from './checks/routing.ts';
import { type NamedModel, shippedModels } from './models.ts';
import { trialOf } from './trial.ts';

export interface ContractOptions {
  /** By default those that come with the package. */
  readonly models?: readonly NamedModel[];
  /** For the adapter, as a user would give them. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Without it nothing is compared with what came out earlier. */
  readonly goldens?: GoldenFolder;
}

/**
 * Everything that the contract asks of an adapter, one case each: `for (const { name, skipped, run } of contractCases(adapter))
 * test.skipIf(skipped)(name, () => expect(run()).toEqual([]))`.
 */
export function contractCases<Options>(
  adapter: Translator<Options>,
  given: ContractOptions = {},
): readonly ContractCase[] {
  const any = adapter as Translator;
  const models = given.models ?? shippedModels();
  const parsed = any.parseOptions(given.options ?? {});
  if (!parsed.ok) {
    return [contractCase('options: those given are accepted', () => parsed.error.map(({ message }) => message))];
  }
  const subject: Subject = { adapter: any, options: parsed.value, models };
  const trials = models.map((named) => trialOf(any, parsed.value, named));
  return [
    ...formCases(any),
    ...supportCases(subject),
    closedCase(subject, trials),
    routingCase(subject, trials),
    ...trials.flatMap((trial) => [...emissionCases(subject, trial), proofCase(subject, trial)]),
    ...(given.goldens === undefined ? [] : goldenCases(trials, given.goldens)),
  ];
}
