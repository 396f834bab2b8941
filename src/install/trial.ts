import { injectLabel, podAnnotations } from '../kubernetes/names.ts';
import type { Connection } from '../kubernetes-client/connect.ts';
import { at } from './kinds.ts';

/** Whether one of the webhooks does its work. */
export interface Trial {
  readonly name: 'conversion' | 'validation' | 'injection';
  /** What went wrong; absent: it works. */
  readonly fault?: string;
}

const namespace = 'default';
const dryRun = 'dryRun=All';
const name = 'smi-mesh-trial';

/**
 * Asks the apiserver for what needs each webhook, in dry runs: nothing is stored. Failure policies that let things pass
 * do not hide a webhook that is down.
 */
export async function tryWebhooks(connection: Connection): Promise<readonly Trial[]> {
  return await Promise.all([tryConversion(connection), tryValidation(connection), tryInjection(connection)]);
}

const splits = (version: string) =>
  `/apis/split.smi-spec.io/${version}/namespaces/${namespace}/trafficsplits?${dryRun}`;

/** An old version has to be converted to be stored. */
async function tryConversion(connection: Connection): Promise<Trial> {
  const split = {
    apiVersion: 'split.smi-spec.io/v1alpha1',
    kind: 'TrafficSplit',
    metadata: { name },
    spec: { service: name, backends: [{ service: name, weight: '1' }] },
  };
  const made = await connection.send('POST', splits('v1alpha1'), split);
  return result('conversion', made.ok ? undefined : made.error.diagnostic.message);
}

/** An object that its schema allows and its meaning does not. */
async function tryValidation(connection: Connection): Promise<Trial> {
  const split = {
    apiVersion: 'split.smi-spec.io/v1alpha4',
    kind: 'TrafficSplit',
    metadata: { name },
    spec: { service: `${name}.other-namespace`, backends: [{ service: name, weight: 1 }] },
  };
  const made = await connection.send('POST', splits('v1alpha4'), split);
  if (!made.ok && /SMI\d{4}/.test(made.error.diagnostic.message)) return { name: 'validation' };
  return result('validation', made.ok ? 'an object with an error is accepted' : made.error.diagnostic.message);
}

/** A pod that asks for a sidecar. */
async function tryInjection(connection: Connection): Promise<Trial> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { [injectLabel]: 'enabled' } },
    spec: { containers: [{ name: 'program', image: 'program' }] },
  };
  const made = await connection.send('POST', `/api/v1/namespaces/${namespace}/pods?${dryRun}`, pod);
  if (!made.ok) return result('injection', made.error.diagnostic.message);
  const injected = at(made.value, 'metadata', 'annotations', podAnnotations.injected) !== undefined;
  return result('injection', injected ? undefined : 'a pod that asks for a sidecar gets none');
}

function result(name: Trial['name'], fault: string | undefined): Trial {
  return fault === undefined ? { name } : { name, fault };
}
