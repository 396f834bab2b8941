import type { Connection } from '../../kubernetes-client/connect.ts';
import { checkCertificates } from './certificates.ts';
import { checkControlPlane, checkNothingInstalled } from './control-plane.ts';
import { checkDefinitions, checkForeignDefinitions } from './definitions.ts';
import { checkKubernetes } from './kubernetes.ts';
import { checkProxies } from './proxies.ts';
import type { Check, CheckResult } from './result.ts';
import { checkRights } from './rights.ts';
import { checkSidecars } from './sidecars.ts';
import type { AskProxies } from './standing.ts';
import { checkTraffic } from './traffic.ts';
import { checkWebhooks } from './webhooks.ts';

export interface ChecksOptions {
  /** Before smi-mesh is installed, or after. */
  readonly stage: 'before' | 'after';
  readonly namespace: string;
  /** Absent: proxies are not looked at. */
  readonly proxies?: AskProxies;
  readonly now?: number;
}

const checks: Readonly<Record<ChecksOptions['stage'], readonly Check[]>> = {
  before: [checkKubernetes, checkRights, checkForeignDefinitions, checkNothingInstalled],
  after: [
    checkKubernetes,
    checkControlPlane,
    checkDefinitions,
    checkWebhooks,
    checkCertificates,
    checkSidecars,
    checkProxies,
    checkTraffic,
  ],
};

/** Everything that is looked at, in the order in which one thing depends on another. */
export async function runChecks(
  connection: Connection,
  { stage, namespace, proxies, now = Date.now() }: ChecksOptions,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const context = { connection, namespace, now, ...(proxies === undefined ? {} : { proxies }) };
  for (const check of checks[stage]) results.push(...(await check(context)));
  return results;
}
