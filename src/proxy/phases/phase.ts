import type { Exchange } from '../routing/exchange.ts';

/** The next phase follows. */
export const NEXT = 0;
/** The exchange has its `status` and is answered here and now; no later phase sees the request. */
export const ANSWER = 1;
/** The phase took the request over and its answer comes later. */
export const TAKEN = 2;
/** The phase needs time and calls, later, `proceed` or `answerNow` of the exchange's transaction. */
export const WAIT = 3;
export type Step = typeof NEXT | typeof ANSWER | typeof TAKEN | typeof WAIT;

/**
 * One step in the life of a request. `request` runs in list order until one does not say `NEXT`; `response` runs when the
 * head of the answer is there; `end` runs for every request, answered or not, refused ones included.
 */
export interface Phase {
  readonly name: string;
  /** A further try of the request begins with the first such phase, and its answers count for the `response` of these alone. */
  readonly eachTry?: true;
  readonly request?: (exchange: Exchange) => Step;
  readonly response?: (exchange: Exchange) => void;
  readonly end?: (exchange: Exchange) => void;
}

/** A phase list sorted by hook, so that a hook that nobody has costs nothing. */
export interface CompiledPhases {
  readonly names: readonly string[];
  readonly request: readonly ((exchange: Exchange) => Step)[];
  readonly response: readonly ((exchange: Exchange) => void)[];
  readonly end: readonly ((exchange: Exchange) => void)[];
  /** Where in `request` a further try begins. */
  readonly tryFrom: number;
  /** The `response` hooks for an answer that is not passed on because another try follows. */
  readonly discarded: readonly ((exchange: Exchange) => void)[];
}

/** Leaves out the places that nothing is configured for. */
export function compilePhases(list: readonly (Phase | undefined)[]): CompiledPhases {
  const phases = list.filter((phase) => phase !== undefined);
  return {
    names: phases.map((phase) => phase.name),
    request: phases.flatMap((phase) => phase.request ?? []),
    response: phases.flatMap((phase) => phase.response ?? []),
    end: phases.flatMap((phase) => phase.end ?? []),
    tryFrom: phases.filter(({ request }) => request !== undefined).findIndex(({ eachTry }) => eachTry === true),
    discarded: phases.flatMap(({ eachTry, response }) => (eachTry === true ? (response ?? []) : [])),
  };
}

/**
 * Runs the `request` hooks from the one at `from` until one answers the request or takes it over. A hook that waits gives
 * `WAIT` plus the place of the next one.
 */
export function runRequest({ request }: CompiledPhases, exchange: Exchange, from: number): number {
  for (let i = from; i < request.length; i++) {
    const step = request[i]!(exchange);
    if (step === NEXT) continue;
    return step === WAIT ? WAIT + i + 1 : step;
  }
  throw new Error('no phase answered the request');
}
