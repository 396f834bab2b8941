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
import { askProgramBeside } from './program-beside.ts';
import { simulatorOf } from './simulator.ts';

type Options = Readonly<Record<string, unknown>>;
type Emitted = Result<Answers['emit'], readonly Diagnostic[]>;

const everything = 'everything' as UnitId;

/** An adapter that can be asked without being waited for. */
export interface ProgramTranslator extends Translator<Options> {
  /** Asks the program for what `refuse` and `emitUnit` are asked next, of the same model and options; never rejects. */
  askAhead(model: MeshModel, options: unknown, signal: AbortSignal): Promise<void>;
}

/**
 * A program as an adapter: all of a model is one unit, asked for once. What goes wrong while it emits refuses the model, so
 * that nothing of it is written.
 */
export function programAdapter(
  program: string,
  limits: ProgramLimits = defaultProgramLimits,
): Result<ProgramTranslator, readonly Diagnostic[]> {
  const described = askProgram(program, 'describe', questionText('describe', { options: {} }), limits);
  if (!described.ok) return described;
  const { id, support, simulates, kinds } = described.value;
  // What `refuse` asks is what is emitted next, so that one process does for both; whoever asks once more starts another.
  let asked: { readonly question: string; readonly answer: Emitted; readonly ahead?: true } | undefined;
  const emit = (model: MeshModel, options: Options, keep: boolean): Emitted => {
    const question = questionText('emit', { options, model });
    const answer = asked?.question === question ? asked.answer : askProgram(program, 'emit', question, limits);
    asked = keep ? { question, answer } : undefined;
    return answer;
  };
  const adapter: ProgramTranslator = {
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
      if (asked?.ahead !== true) asked = undefined;
      const answer = emit(model, options, true);
      return answer.ok ? [] : answer.error;
    },
    async askAhead(model, options, signal) {
      const question = questionText('emit', { options, model });
      asked = { question, answer: await askProgramBeside(program, 'emit', question, limits, signal), ahead: true };
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

/** What the program has never heard of, it does not say exactly; what only it has heard of is left in, where `adapter test` finds it. */
function completed(support: Readonly<Record<string, SupportTable[keyof SupportTable]>>): SupportTable {
  const why = 'the adapter says nothing of it';
  const none = Object.fromEntries(features.map((feature) => [feature, { level: 'none', why }]));
  return { ...none, ...support } as SupportTable;
}
