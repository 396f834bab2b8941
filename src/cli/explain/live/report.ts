import { explain } from '../../../explain/explain.ts';
import type { Explanation, Question } from '../../../explain/explanation.ts';
import type { Verdict } from '../../../explain/verdict.ts';
import { printable } from '../../../lib/printable.ts';
import type { TextStyle } from '../../../lib/text-style.ts';
import type { MeshModel } from '../../../model/types.ts';
import { compareLive, type ProxyComparison } from './compare.ts';
import type { ProxyConfiguration } from './proxies.ts';

/** What running proxies do with a request, beside what the manifests mean. */
export interface LiveReport {
  /** Whether some proxy could be compared, and every one that could has what the manifests mean. */
  readonly same: boolean;
  /** What the proxies make of the request; those that are not known are taken at the manifests' word. */
  readonly verdict: Verdict;
  readonly proxies: readonly ProxyComparison[];
}

export function liveReport(
  model: MeshModel,
  question: Question,
  explanation: Explanation,
  configurations: readonly ProxyConfiguration[],
): LiveReport {
  const { comparisons, model: live } = compareLive(model, explanation, configurations);
  const explained = explain(live, question);
  const known = comparisons.filter(({ state }) => state !== 'unknown');
  return {
    same: known.length > 0 && known.every(({ state }) => state === 'same'),
    verdict: explained.ok ? explained.value.verdict : explanation.verdict,
    proxies: comparisons,
  };
}

/** Lines for people, below the explanation. */
export function liveText({ same, verdict, proxies }: LiveReport, meant: Verdict, style: TextStyle): readonly string[] {
  const known = proxies.filter(({ state }) => state !== 'unknown');
  const headline =
    known.length === 0
      ? style.yellow('live: none of the given proxies takes part in this request')
      : same
        ? style.green('live: the running proxies have what the manifests mean')
        : style.red(
            `live: the running proxies have something else${verdict === meant ? '' : `: ${style.bold(verdict)}`}`,
          );
  return [`  ${headline}`, ...proxies.flatMap((one) => comparisonLines(one))];
}

const stateWords = {
  same: 'as in the manifests',
  different: 'differs',
  absent: 'is not there',
  unknown: 'not compared, for want of the configuration of this proxy',
} as const;

function comparisonLines({ workload, resource, state, manifests, proxy }: ProxyComparison): readonly string[] {
  return [
    `    ${workload}: ${resource} ${stateWords[state]}`,
    ...manifests.map((line) => `      manifests: ${printable(line)}`),
    ...proxy.map((line) => `      proxy:     ${printable(line)}`),
  ];
}
