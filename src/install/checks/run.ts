import type { Connection } from '../../kubernetes-client/connect.ts';
import { checkCertificates } from './certificates.ts';
import { checkControlPlane, checkNothingInstalled } from './control-plane.ts';
import { checkDefinitions, checkForeignDefinitions } from './definitions.ts';
import { checkKubernetes } from './kubernetes.ts';
import type { Check, CheckResult } from './result.ts';
import { checkRights } from './rights.ts';
import { checkSidecars } from './sidecars.ts';
import { checkTraffic } from './traffic.ts';
import { checkWebhooks } from './webhooks.ts';

export interface ChecksOptions {
  /** Before smi-mesh is installed, or after. */
  readonly stage: 'before' | 'after';
  readonly namespace: string;
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
    checkTraffic,
  ],
};

/** Everything that is looked at, in the order in which one thing depends on another. */
export async function runChecks(
  connection: Connection,
  { stage, namespace, now = Date.now() }: ChecksOptions,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks[stage]) results.push(...(await check({ connection, namespace, now })));
  return results;
}
