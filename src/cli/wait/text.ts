import type { RolloutReport, WaitReport } from '../../control/admin/contract.ts';
import type { RolloutDurations } from '../../control/rollouts/rollout.ts';
import { describeObject } from '../../diagnostics/origin.ts';
import { listing } from '../../lib/listing.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { count, shortName, span } from '../control-plane/words.ts';
import { renderLocated } from '../up/findings.ts';

const namedAtMost = 5;

/** A verdict, where the time went, the slowest proxies, and what is refused with its line. */
export function renderWait(report: WaitReport, timeoutMillis: number, style: TextStyle): readonly string[] {
  const { rollout, absent, findings } = report;
  return [
    style.bold(verdict(report, timeoutMillis)),
    ...(rollout === undefined ? [] : details(rollout)),
    ...(absent.length === 0 ? [] : [style.dim(`  not connected: ${named(absent.map(shortName))}`)]),
    ...findings.flatMap((found) => ['', ...renderLocated(found, style)]),
  ];
}

function verdict({ outcome, rollout, connected, findings, refusals }: WaitReport, timeoutMillis: number): string {
  if (rollout === undefined) return `not landed: nothing was published within ${span(timeoutMillis)}`;
  const generation = `generation ${rollout.generation}`;
  const proxies = count(connected, 'proxy', 'proxies');
  if (outcome === 'waiting') {
    const { missing, missingCount } = rollout;
    return `not landed within ${span(timeoutMillis)}: ${missingCount} of ${proxies} lack ${generation}: ${named(missing.map(shortName))}`;
  }
  if (outcome === 'refused') {
    return refusals.length === 0
      ? `refused: the ${rollout.cause === 'cluster' ? 'objects' : 'files'} have ${count(findings.length, 'error')}; what was good before stays in force`
      : `refused: ${count(refusing(refusals), 'proxy does', 'proxies do')} not take all of ${generation}`;
  }
  if (connected === 0) return `landed: ${generation} is published, and no proxy is connected`;
  if (rollout.touched === 0 && rollout.cause !== 'pods') return `landed: ${generation} changes nothing for ${proxies}`;
  const time = rollout.savedAt === undefined ? '' : `, ${millis(rollout.durations.total)} after it was saved`;
  return `landed: ${connected === 1 ? 'the proxy has' : `all ${proxies} have`} ${generation}${time}`;
}

function details({ durations, changed, touched, slowest, publishedAt, lost }: RolloutReport): readonly string[] {
  const objects = changed.length === 0 ? [] : [`  changed: ${named(changed.map(describeObject))}`];
  const gone = lost === 0 ? '' : `; ${count(lost, 'proxy', 'proxies')} left meanwhile`;
  const sent = touched === 0 ? [] : [`  sent to ${count(touched, 'proxy', 'proxies')}${gone}`];
  const slow = slowest.slice(0, namedAtMost).map(({ node, landedAt }) => {
    return `${shortName(node)} ${millis(Math.max(0, landedAt - publishedAt))}`;
  });
  return [
    ...objects,
    `  ${phases(durations)}`,
    ...sent,
    ...(slow.length === 0 ? [] : [`  slowest: ${slow.join(', ')}`]),
  ];
}

function phases({ watch, compile, push, ack }: RolloutDurations): string {
  const known = Object.entries({ watch, compile, push, ack }).flatMap(([name, time]) =>
    time === undefined ? [] : [`${name} ${millis(time)}`],
  );
  return known.join(', ');
}

function millis(time: number): string {
  return `${Math.round(time)} ms`;
}

function named(names: readonly string[]): string {
  return listing(names, namedAtMost);
}

/** Of many proxies the first ones are named; then the greatest number of one refusal is the best that is known. */
function refusing(refusals: WaitReport['refusals']): number {
  const named = new Set(refusals.flatMap(({ proxies }) => proxies.map(({ node }) => node)));
  return Math.max(named.size, ...refusals.map(({ count: each }) => each));
}
