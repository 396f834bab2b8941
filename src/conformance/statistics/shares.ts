import { acceptance, within } from './binomial.ts';

/**
 * Whether samples have the shares that they should have: an exact binomial test of each outcome, all together (Bonferroni) at
 * the stated rate of false alarms. Nothing is assumed but that requests are divided independently; a mesh that divides them more
 * evenly than chance raises fewer alarms.
 */

/** The probability that one question about shares finds a fault in a mesh that has none, at most. */
export const falseAlarm = 1e-6;
/** The probability that it finds none where the shares are one of the alternatives, at most. */
export const missed = 1e-6;
/** No question takes more requests; a case that would need more is refused. */
const maxSamples = 5_000;

/** Weights by outcome; they need not add up to anything. */
export type Shares = Readonly<Record<string, number>>;

/** As fractions of 1. */
export function normal(shares: Shares): Shares {
  const total = Object.values(shares).reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(Object.entries(shares).map(([outcome, weight]) => [outcome, weight / total]));
}

/** What is otherwise than the shares say, as a sentence; nothing when the counts may well come from them. */
export function unlikely(shares: Shares, counts: ReadonlyMap<string, number>): string | undefined {
  const wanted = normal(shares);
  const samples = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const rate = falseAlarm / Object.keys(wanted).length;
  const faults = Object.entries(wanted).flatMap(([outcome, share]) => {
    const count = counts.get(outcome) ?? 0;
    const { low, high } = acceptance(samples, share, rate);
    if (count >= low && count <= high) return [];
    return [`${outcome} ${count} of ${samples} times where ${low} to ${high} are likely`];
  });
  return faults.length === 0 ? undefined : faults.join(', ');
}

/** How many requests tell the shares from every alternative; nothing when that takes more than `maxSamples`. */
export function sampleSize(shares: Shares, tellApart: readonly Shares[] = []): number | undefined {
  const wanted = normal(shares);
  const alternatives = [...usualFaults(wanted), ...tellApart.map(normal)].filter((other) => differ(wanted, other));
  let enough = 1;
  for (const alternative of alternatives) {
    while (!tells(wanted, alternative, enough)) {
      enough = Math.ceil(enough * 1.1) + 1;
      if (enough > maxSamples) return undefined;
    }
  }
  return enough;
}

/** Weights ignored; the smallest share lost; the largest and the smallest share exchanged. */
function usualFaults(wanted: Shares): readonly Shares[] {
  const outcomes = Object.keys(wanted);
  const served = outcomes.filter((outcome) => (wanted[outcome] ?? 0) > 0).sort((a, b) => wanted[a]! - wanted[b]!);
  const [smallest, largest] = [served[0], served.at(-1)];
  const equal = Object.fromEntries(outcomes.map((outcome) => [outcome, 1 / outcomes.length]));
  if (smallest === undefined || largest === undefined || smallest === largest) return [equal];
  const exchanged = { ...wanted, [smallest]: wanted[largest]!, [largest]: wanted[smallest]! };
  return [equal, normal({ ...wanted, [smallest]: 0 }), exchanged];
}

function differ(one: Shares, other: Shares): boolean {
  const outcomes = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...outcomes].some((outcome) => Math.abs((one[outcome] ?? 0) - (other[outcome] ?? 0)) > 1e-9);
}

/** Whether the test of some outcome refuses the alternative often enough. */
function tells(wanted: Shares, alternative: Shares, samples: number): boolean {
  const rate = falseAlarm / Object.keys(wanted).length;
  const strange = Object.entries(alternative).reduce(
    (sum, [outcome, share]) => (outcome in wanted ? sum : sum + share),
    0,
  );
  if (strange > 0 && (1 - strange) ** samples <= missed) return true;
  return Object.entries(wanted).some(
    ([outcome, share]) => within(acceptance(samples, share, rate), samples, alternative[outcome] ?? 0) <= missed,
  );
}
