import { isDeepStrictEqual } from 'node:util';
import type { Translator } from '../../../src/adapter/contract.ts';
import { contractCases } from '../../../src/testkit/index.ts';
import { prove } from '../../../src/translate/proof/prove.ts';
import { type Translation, translate } from '../../../src/translate/translate.ts';
import { wrongFates } from '../../support/translate/field-changes.ts';
import type { Subject } from './subjects.ts';
import type { Target } from './targets.ts';

/**
 * Who finds a fault, in the order in which they are asked: `error` where the emitter throws, `proof` by requests, the contract suite
 * without its own proof, the ledger that is wrong about a field, and golden files.
 */
export const finders = ['error', 'proof', 'contract', 'ledger', 'goldens'] as const;
export type Finder = (typeof finders)[number];

/** So many meshes of which something differs are asked about, by a few requests, and by many; and of so many every field is changed. */
const [mostProven, mostProvenWell, mostLedgers] = [30, 3, 2];

interface Difference {
  readonly subject: Subject;
  readonly translation: Translation;
}

/** Who finds the fault that is on now, and by what; nothing where nobody does. */
export function finderOf(target: Target, subjects: readonly Subject[]): { by: Finder; what: string } | undefined {
  const different: Difference[] = [];
  for (const subject of subjects) {
    const translation = attempt(() => translate(target.adapter, subject.model, subject.options));
    if (translation === undefined) return { by: 'error', what: subject.name };
    if (!isDeepStrictEqual(translation, subject.right)) different.push({ subject, translation });
  }
  const shown = shownBy(target.adapter, different);
  if (shown !== undefined) return { by: 'proof', what: shown };
  const broken = brokenContract(target);
  if (broken !== undefined) return { by: 'contract', what: broken };
  const golden = different.filter(({ subject }) => subject.golden !== undefined);
  const wrong = wrongLedger(target, golden);
  if (wrong !== undefined) return { by: 'ledger', what: wrong };
  const other = subjects.find((subject) => subject.golden !== undefined && isOther(subject));
  return other === undefined ? undefined : { by: 'goldens', what: other.name };
}

function shownBy(adapter: Translator, different: readonly Difference[]): string | undefined {
  if (adapter.simulate === undefined) return undefined;
  const spread = spreadOver(different, mostProven);
  const found =
    spread.find(({ subject, translation }) => isShown(adapter, subject, translation, subject.few())) ??
    spreadOver(different, mostProvenWell).find(({ subject, translation }) =>
      isShown(adapter, subject, translation, subject.many()),
    );
  return found?.subject.name;
}

function isShown(
  adapter: Translator,
  { model }: Subject,
  translation: Translation,
  questions: ReturnType<Subject['few']>,
): boolean {
  try {
    return prove(model, adapter, translation, questions)?.counterExample !== undefined;
  } catch {
    return true;
  }
}

/** Its proof has been asked already. */
function brokenContract({ adapter, options: [options = {}] }: Target): string | undefined {
  const cases = contractCases(adapter, { options });
  return cases.find(
    ({ name, skipped, run }) => skipped === undefined && !name.startsWith('access: ') && run().length > 0,
  )?.name;
}

function wrongLedger({ adapter, planeOf }: Target, golden: readonly Difference[]): string | undefined {
  if (planeOf !== undefined) return undefined;
  const sizeOf = ({ subject }: Difference) => JSON.stringify(subject.model).length;
  const small = golden.toSorted((a, b) => sizeOf(a) - sizeOf(b));
  for (const { subject } of small.slice(0, mostLedgers)) {
    if (subject.golden === undefined) continue;
    const { golden: one, options } = subject;
    const wrong = attempt(() => wrongFates(one, adapter, options)) ?? ['it throws'];
    if (wrong.length > 0) return subject.name;
  }
  return undefined;
}

const rightly = new Map<Subject, string>();

/** What golden files say is remembered from before there was a fault. */
export function rememberGoldens(subjects: readonly Subject[]): void {
  for (const subject of subjects) if (subject.golden !== undefined) rightly.set(subject, subject.written());
}

function isOther(subject: Subject): boolean {
  return attempt(() => subject.written()) !== rightly.get(subject);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function spreadOver<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => all[Math.floor((index * all.length) / most)] as T);
}
