import { defaultCompileOptions } from '../../compile/index.ts';
import { describeObject, type ObjectKey, parseObjectKey } from '../../diagnostics/origin.ts';
import { findInstallation } from '../../install/installation.ts';
import { at } from '../../install/kinds.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import { isRecord } from '../../lib/values.ts';
import { checkSourceSet } from '../../library/check.ts';
import type { SourceDocument } from '../../source/types.ts';
import { clusterSources } from '../cluster-input.ts';
import { carriersIn } from '../control-plane/in-cluster.ts';
import { exitCodes } from '../exit-codes.ts';
import { clusterOf } from '../install/cluster.ts';
import type { TargetOptions } from '../install/options.ts';
import { print, printJson, styleFor } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { effectsOf } from './effects.ts';
import { eventsOf } from './events.ts';
import { type ProxiesOfObject, proxiesOfObject } from './proxies.ts';
import { findSubject } from './subject.ts';
import { type Condition, type Description, descriptionLines } from './text.ts';

export interface DescribeOptions extends TargetOptions {
  readonly namespace: string;
  readonly output: 'text' | 'json';
}

/** Prints what an object of a cluster does in the mesh, and what was said about it; returns the exit code. */
export async function describe(object: string, options: DescribeOptions): Promise<number> {
  const connection = await clusterOf(options);
  const { context, kubeconfig } = options;
  const sources = await clusterSources({
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  });
  const subject = findSubject(sources.documents, object, options.namespace);
  if (!subject.ok) return wrongUse(subject.error);
  const document = subject.value;
  const checked = checkSourceSet(sources, defaultCompileOptions);
  const findings = checked.findings.filter(({ diagnostic }) => diagnostic.origin?.object === document.key);
  const effects = effectsOf(checked.model, document.key);
  const proxies = await proxiesIn(connection, document.key);
  const description: Description = {
    object: describeObject(document.key),
    apiVersion: document.apiVersion,
    created: String(at(document.object, 'metadata', 'creationTimestamp') ?? ''),
    conditions: conditionsOf(document),
    findings: findings.map(({ diagnostic: { code, severity, message, hint, origin } }) => {
      return { code, severity, message, hint, ...(origin === undefined ? {} : { field: origin.path }) };
    }),
    effects: effects.lines,
    pods: effects.workloads.map(({ id, ready, transport }) => ({ pod: id, ready, sidecar: transport === 'mtls' })),
    proxies,
    events: await eventsOf(connection, parseObjectKey(document.key)),
  };
  if (options.output === 'json') printJson(description);
  else print(...descriptionLines(description, styleFor(process.stdout)));
  const isRefused = 'refused' in proxies && proxies.refused.length > 0;
  const isWrong = isRefused || findings.some(({ diagnostic }) => diagnostic.severity === 'error');
  return isWrong ? exitCodes.findings : exitCodes.fine;
}

async function proxiesIn(connection: StreamingConnection, key: ObjectKey): Promise<ProxiesOfObject> {
  const installation = await findInstallation(connection);
  if (!installation.ok) return { unknown: installation.error.diagnostic.message };
  if (installation.value === undefined) return { unknown: 'smi-mesh is not installed' };
  const { kind, namespace, name } = parseObjectKey(key);
  return proxiesOfObject(
    await carriersIn(connection, installation.value.namespace, [kind, namespace, name].filter(Boolean).join('/')),
  );
}

function conditionsOf({ object }: SourceDocument): readonly Condition[] {
  const conditions = at(object, 'status', 'conditions');
  const generation = at(object, 'metadata', 'generation');
  return (Array.isArray(conditions) ? conditions.filter(isRecord) : []).map((condition) => ({
    type: String(condition.type),
    status: String(condition.status),
    reason: String(condition.reason ?? ''),
    message: String(condition.message ?? ''),
    outdated: condition.observedGeneration !== undefined && condition.observedGeneration !== generation,
  }));
}
