import {
  type Artifact,
  contractVersion,
  type SupportTable,
  type Translator,
  type UnitId,
} from '../adapter/contract.ts';
import { features } from '../adapter/features.ts';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { NonEmpty } from '../lib/collections.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';
import type { MeshModel } from '../model/types.ts';
import type { Answers } from './answer.ts';
import { askProgram, defaultProgramLimits, type ProgramLimits, questionText } from './program.ts';
import { simulatorOf } from './simulator.ts';

type Options = Readonly<Record<string, unknown>>;
type Emitted = Result<Answers['emit'], readonly Diagnostic[]>;

const everything = 'everything' as UnitId;

/**
 * A program as an adapter: all of a model is one unit, asked for once. What goes wrong while it emits refuses the model, so
 * that nothing of it is written.
 */
export function programAdapter(
  program: string,
  limits: ProgramLimits = defaultProgramLimits,
): Result<Translator<Options>, readonly Diagnostic[]> {
  const described = askProgram(program, 'describe', questionText('describe', { options: {} }), limits);
  if (!described.ok) return described;
  const { id, support, simulates, kinds } = described.value;
  // What `refuse` asks is what is emitted next, so that one process does for both; whoever asks once more starts another.
  let asked: { readonly question: string; readonly answer: Emitted } | undefined;
  const emit = (model: MeshModel, options: Options, keep: boolean): Emitted => {
    const question = questionText('emit', { options, model });
    const answer = asked?.question === question ? asked.answer : askProgram(program, 'emit', question, limits);
    asked = keep ? { question, answer } : undefined;
    return answer;
  };
  const adapter: Translator<Options> = {
    contract: contractVersion,
    id,
    support: completed(support),
    ...(kinds === undefined ? {} : { kinds }),
    parseOptions(input = {}) {
      if (!isRecord(input)) return err([diagnostic('SMI5003', { message: `${id} takes options as a mapping` })]);
      const answer = askProgram(program, 'describe', questionText('describe', { options: input }), limits);
      return answer.ok ? ok(input) : err(answer.error as NonEmpty<Diagnostic>);
    },
    units: () => [everything],
    refuse(model, options) {
      asked = undefined;
      const answer = emit(model, options, true);
      return answer.ok ? [] : answer.error;
    },
    emitUnit(model, _unit, { options, report }): readonly Artifact[] {
      const answer = emit(model, options, false);
      if (!answer.ok) return [];
      for (const loss of answer.value.losses ?? []) report?.(loss);
      return answer.value.artifacts;
    },
  };
  return ok(simulates === true ? { ...adapter, simulate: simulatorOf(program, limits) } : adapter);
}

/** What the program has never heard of, it does not say exactly. */
function completed(support: Readonly<Record<string, SupportTable[keyof SupportTable]>>): SupportTable {
  const why = 'the adapter says nothing of it';
  return Object.fromEntries(
    features.map((feature) => [feature, support[feature] ?? { level: 'none', why }]),
  ) as SupportTable;
}
