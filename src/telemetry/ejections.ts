import { err, ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';

/**
 * An endpoint that a proxy sends nothing, because it failed. Times are milliseconds since the epoch; what the data plane does not tell is
 * absent.
 */
export interface Ejection {
  /** `NAMESPACE/SERVICE:PORT`. */
  readonly cluster: string;
  /** `ADDRESS:PORT`. */
  readonly endpoint: string;
  readonly since?: number;
  /** It is probed then, and comes back if that succeeds. */
  readonly until?: number;
  /** In people's words. */
  readonly why?: string;
}

/** What `/ejections` of a sidecar answers, of either kind. */
export interface EjectionsAnswer {
  /** `NAMESPACE/POD` of the proxy. */
  readonly workload: string;
  readonly ejections: readonly Ejection[];
}

export const ejectionsPath = '/ejections';

/** Reads the answer of a sidecar. */
export function readEjections(text: string): Result<EjectionsAnswer, string> {
  try {
    const value: unknown = JSON.parse(text);
    // Both ends are of one release.
    if (isRecord(value) && Array.isArray(value.ejections)) return ok(value as unknown as EjectionsAnswer);
    return err('no list of ejections');
  } catch {
    return err('it answers no JSON');
  }
}
