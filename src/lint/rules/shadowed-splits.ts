import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { describeObject, type Origin } from '../../diagnostics/origin.ts';
import type { OutboundRule } from '../../model/types.ts';
import type { Comparison } from '../cover.ts';
import type { LintSubject } from '../subject.ts';

/** Services with more rules than this are not compared rule by rule. */
const comparedRules = 200;

/** Matches of splits whose requests another split of the same root always takes first. */
export function* shadowedSplits({ model }: LintSubject, comparison: Comparison): Iterable<Diagnostic> {
  for (const { ports } of Object.values(model.outbound)) {
    for (const { rules } of Object.values(ports)) {
      const conditional = rules.filter(({ match }) => match !== 'any');
      if (conditional.length > comparedRules) continue;
      for (const [position, rule] of conditional.entries()) {
        const earlier = conditional.slice(0, position).find((other) => takesFirst(other, rule, comparison));
        if (earlier !== undefined) yield* shadowed(rule, earlier);
      }
    }
  }
}

function takesFirst(earlier: OutboundRule, later: OutboundRule, comparison: Comparison): boolean {
  const [first, second] = [earlier.origins[0]?.object, later.origins[0]?.object];
  return first !== second && earlier.from === 'any' && comparison.covers(earlier.match, later.match);
}

function* shadowed(rule: OutboundRule, earlier: OutboundRule): Iterable<Diagnostic> {
  const [origin, first] = [rule.origins[0], earlier.origins[0]];
  if (origin === undefined || first === undefined) return;
  const match = rule.match === 'any' ? undefined : rule.match.origins[0];
  const what = match === undefined ? 'what it matches' : `what ${matchName(match)} covers`;
  yield diagnostic('SMI4503', {
    message: `${describeObject(origin.object)} never governs ${what}: ${describeObject(first.object)} is asked first and takes all of it`,
    origin,
    related: [first, ...(match === undefined ? [] : [match])],
  });
}

/** A match by its place in the group; the field at its end says nothing here. */
function matchName({ object, path }: Origin): string {
  return `${/^spec\.matches\[\d+\]/.exec(path)?.[0] ?? path} of ${describeObject(object)}`;
}
