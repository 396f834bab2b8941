import type { CaseExpectation, Outcome, Traffic, Wanted } from './case.ts';
import { meshAnswers } from './case.ts';
import { type Shares, sampleSize, unlikely } from './statistics/shares.ts';
import type { Answers, Branch } from './target.ts';

/** Calls that show each outcome of an `every` with near certainty, as SMI's own suite made them. */
const everySamples = 50;
/** Where a pod must answer each time, so many calls tell it from one that answers half of them at the usual rate. */
export const alwaysSamples = 20;

/** How many requests the expectation takes. */
export function samplesOf({ gives }: CaseExpectation): number {
  if (gives.kind === 'among') return gives.every ? everySamples : gives.outcomes.length;
  const size = sampleSize(gives.shares, gives.tellApart);
  if (size === undefined) throw new Error('the case needs too many requests, which its decoding should have found');
  return Math.max(size, gives.atLeast);
}

/** What is otherwise than expected, as a sentence without its full stop; nothing when the expectation holds. */
export function problemOf(expectation: CaseExpectation, answers: Answers): string | undefined {
  const { question, gives, sees } = expectation;
  const wanted = inTermsOf(question.traffic, gives);
  if (answers.kind === 'exact') return exactProblem(wanted, sees, answers.branches);
  const counts = new Map<Outcome, number>();
  const expected = wanted.kind === 'among' ? wanted.outcomes : possible(wanted.shares);
  for (const { outcome, orElse = [] } of answers.observations) {
    const meant = [outcome, ...orElse].find((each) => expected.includes(each)) ?? outcome;
    counts.set(meant, (counts.get(meant) ?? 0) + 1);
  }
  const misread = answers.observations.find(
    ({ outcome, seen }) => outcome.includes('/') && sees !== undefined && seen !== sees,
  );
  if (misread !== undefined) return `the program sees ${misread.seen}, and should see ${sees}`;
  return sampledProblem(wanted, counts);
}

/** A connection or datagram that is not served ends in one way only, whatever the reason. */
function inTermsOf({ kind }: Traffic, wanted: Wanted): Wanted {
  if (kind === 'http' || kind === 'grpc') return wanted;
  const word = (outcome: Outcome) => (isMeshAnswer(outcome) ? 'closed' : outcome);
  if (wanted.kind === 'among') return { ...wanted, outcomes: wanted.outcomes.map(word) };
  return { ...wanted, shares: summed(Object.entries(wanted.shares).map(([name, weight]) => [word(name), weight])) };
}

function isMeshAnswer(outcome: Outcome): boolean {
  return (meshAnswers as readonly string[]).includes(outcome);
}

function summed(entries: readonly (readonly [Outcome, number])[]): Shares {
  const sums: Record<string, number> = {};
  for (const [outcome, weight] of entries) sums[outcome] = (sums[outcome] ?? 0) + weight;
  return sums;
}

function sampledProblem(wanted: Wanted, counts: ReadonlyMap<Outcome, number>): string | undefined {
  const expected = wanted.kind === 'among' ? wanted.outcomes : possible(wanted.shares);
  const strange = [...counts].filter(([outcome]) => !expected.includes(outcome));
  const [outcome, count] = strange[0] ?? [];
  if (outcome !== undefined) return `${outcome} answers ${count} times, where only ${expected.join(' or ')} may`;
  if (wanted.kind === 'shares') return unlikely(wanted.shares, counts);
  const absent = wanted.every ? expected.filter((each) => !counts.has(each)) : [];
  return absent.length === 0 ? undefined : `${absent.join(' and ')} never in ${everySamples} requests`;
}

function possible(shares: Shares): readonly Outcome[] {
  return Object.keys(shares).filter((outcome) => (shares[outcome] ?? 0) > 0);
}

function exactProblem(wanted: Wanted, sees: string | undefined, branches: readonly Branch[]): string | undefined {
  const served = branches.filter(({ weight }) => weight > 0);
  const said = served.map(({ weight, outcomes }) => `${outcomes.join(' or ')} ${weight}`).join(', ');
  const misread = served.find(
    ({ seen, outcomes }) => sees !== undefined && seen !== sees && !outcomes.some(isMeshAnswer),
  );
  if (misread !== undefined) return `the program sees ${misread.seen}, and should see ${sees}`;
  const found = new Set(served.flatMap(({ outcomes }) => outcomes));
  if (wanted.kind === 'among') {
    const right = [...found].every((outcome) => wanted.outcomes.includes(outcome));
    const complete = !wanted.every || wanted.outcomes.every((outcome) => found.has(outcome));
    return right && complete ? undefined : `it is ${said}, where only ${wanted.outcomes.join(' or ')} may answer`;
  }
  const single = served.every(({ outcomes }) => outcomes.length === 1);
  const actual = summed(served.map(({ outcomes: [outcome = ''], weight }) => [outcome, weight]));
  if (single && sameRatios(wanted.shares, actual)) return undefined;
  return `it is ${said}, where it should be ${describe(wanted.shares)}`;
}

function sameRatios(one: Shares, other: Shares): boolean {
  const total = (shares: Shares) => BigInt(Object.values(shares).reduce((sum, weight) => sum + weight, 0));
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => BigInt(one[name] ?? 0) * total(other) === BigInt(other[name] ?? 0) * total(one));
}

function describe(shares: Shares): string {
  return Object.entries(shares)
    .map(([outcome, weight]) => `${outcome} ${weight}`)
    .join(', ');
}
