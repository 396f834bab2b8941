import type { Simulated } from '../../../src/adapter/contract.ts';
import type { Decision } from '../../../src/model/decision.ts';

/**
 * How what routes do differs from what the mesh means, beside what they cannot say: who is let in, and 503 where a split has nobody.
 */
export function difference(meant: Decision, done: Simulated): string | undefined {
  const [wanted, got] = [textOf(meant), textOf(done)];
  return wanted === got ? undefined : `${wanted}, but ${got}`;
}

/** Weights above a million are rounded. */
const shareDigits = 5;

interface Answer {
  readonly outcome: string;
  readonly status?: number;
  readonly targets?: readonly {
    readonly service: string;
    readonly port: number;
    readonly weight: number;
    readonly total: number;
    readonly verdict: string;
  }[];
}

function textOf({ outcome, status, targets = [] }: Answer): string {
  if (outcome !== 'routed') return `${outcome}${status === undefined ? '' : ` ${status === 503 ? 500 : status}`}`;
  const shares = new Map<string, number>();
  for (const { service, port, weight, total, verdict } of targets) {
    const key = `${service}:${port}${verdict === 'unavailable' ? ' unavailable' : ''}`;
    shares.set(key, (shares.get(key) ?? 0) + weight / total);
  }
  return [...shares]
    .filter(([, share]) => share > 0)
    .map(([key, share]) => `${share.toFixed(shareDigits)} ${key}`)
    .sort()
    .join(', ');
}
