import type { Mutation } from './sites.ts';

/** A fault with its number, by which it is switched on. */
export interface NumberedMutation extends Mutation {
  readonly id: number;
}

/**
 * The text with all faults in it, each of which is off until it is switched on (`switch.ts`): where one is asked about,
 * its place is reached. They have to be in the order of `mutationsOf`.
 */
export function instrumented(text: string, mutations: readonly NumberedMutation[]): string {
  let at = 0;
  const piece = (start: number, end: number): string => {
    let result = '';
    let from = start;
    while (at < mutations.length && mutations[at]!.start < end) {
      const { start: begin, end: stop } = mutations[at]!;
      const here: NumberedMutation[] = [];
      while (mutations[at]?.start === begin && mutations[at]?.end === stop) here.push(mutations[at++]!);
      result += text.slice(from, begin) + switched(here, piece(begin, stop));
      from = stop;
    }
    return result + text.slice(from, end);
  };
  return piece(0, text.length);
}

function switched(mutations: readonly NumberedMutation[], original: string): string {
  const statement = mutations.find(({ kind }) => kind === 'statement');
  if (statement !== undefined) return `{ if (!globalThis.__mutant(${statement.id})) ${original} }`;
  const choices = mutations.map(({ id, after }) => `globalThis.__mutant(${id}) ? (${after}) : `).join('');
  return `(${choices}(${original}))`;
}
