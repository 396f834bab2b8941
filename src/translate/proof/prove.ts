import type { Simulated, Translator } from '../../adapter/contract.ts';
import { decide } from '../../model/decide.ts';
import type { Decision, TrafficRequest } from '../../model/decision.ts';
import type { MeshModel } from '../../model/types.ts';
import type { Translation } from '../translate.ts';
import { compare } from './compare.ts';
import { type RequestsWanted, requestsAround } from './requests.ts';
import { statedBy } from './stated.ts';
import { withStrangers } from './strangers.ts';

/** A request and what the mesh means by it. */
export interface Question {
  readonly request: TrafficRequest;
  readonly meant: Decision;
}

export interface CounterExample extends Question {
  readonly done: Simulated;
  readonly difference: string;
}

export interface Proof {
  readonly asked: number;
  readonly agreed: number;
  /** Less is let in, as a loss states. */
  readonly narrower: number;
  /** Something else differs, as a loss states. */
  readonly otherwise: number;
  readonly counterExample?: CounterExample;
}

/** Different requests at the boundaries of a mesh, from its own pods and from strangers, the same for the same seed. */
export function* questionsAbout(model: MeshModel, wanted: RequestsWanted): Generator<Question> {
  const populated = withStrangers(model);
  for (const request of requestsAround(populated, wanted)) yield { request, meant: decide(populated, request) };
}

/**
 * Asks what documents do with requests, up to the first that nothing states. `undefined` where nothing is written, or
 * the adapter cannot read its documents back.
 */
export function prove(
  model: MeshModel,
  translator: Translator,
  translation: Translation,
  questions: Iterable<Question>,
  onAsked: (asked: number) => boolean = () => true,
): Proof | undefined {
  if (translation.refusals.length > 0) return undefined;
  const populated = withStrangers(model);
  const simulated = translator.simulate?.(translation.artifacts, populated);
  if (simulated === undefined) return undefined;
  const stated = statedBy(translator, translation, model);
  const counts = { agrees: 0, narrower: 0, otherwise: 0 };
  let asked = 0;
  let counterExample: CounterExample | undefined;
  for (const question of questions) {
    const done = simulated(question.request);
    const compared = compare(populated, question.request, question.meant, done, stated);
    asked += 1;
    if (typeof compared === 'object') {
      counterExample = { ...question, done, ...compared };
      break;
    }
    counts[compared] += 1;
    if (!onAsked(asked)) break;
  }
  const { agrees: agreed, narrower, otherwise } = counts;
  return { asked, agreed, narrower, otherwise, ...(counterExample === undefined ? {} : { counterExample }) };
}
