import type { Connection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import type { AskProxies } from './standing.ts';

export const checkGroups = [
  'Kubernetes',
  'rights',
  'definitions',
  'control plane',
  'webhooks',
  'certificates',
  'sidecars',
  'proxies',
  'traffic',
] as const;

/** What one check found. */
export interface CheckResult {
  readonly group: (typeof checkGroups)[number];
  readonly status: 'ok' | 'warning' | 'error' | 'skipped';
  readonly message: string;
  /** The next step. */
  readonly hint?: string;
}

export interface CheckContext {
  readonly connection: Connection;
  /** Of the control plane. */
  readonly namespace: string;
  /** Absent: nobody is asked. */
  readonly proxies?: AskProxies;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type Check = (context: CheckContext) => Promise<readonly CheckResult[]>;

export type Reporter = Readonly<Record<CheckResult['status'], (message: string, hint?: string) => CheckResult>>;

/** Makes the results of one group. */
export function reporter(group: CheckResult['group']): Reporter {
  const make = (status: CheckResult['status']) => (message: string, hint?: string) => {
    return { group, status, message, ...(hint === undefined ? {} : { hint }) };
  };
  return { ok: make('ok'), warning: make('warning'), error: make('error'), skipped: make('skipped') };
}

/** What cannot be read is not judged. */
export function notRead(report: Reporter, { diagnostic }: ClusterFault): readonly CheckResult[] {
  return [report.skipped(diagnostic.message, diagnostic.hint)];
}
