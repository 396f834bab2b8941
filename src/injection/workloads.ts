import type { ObjectKey } from '../diagnostics/origin.ts';
import { parseObjectKey } from '../diagnostics/origin.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { type Injection, type InjectionContext, injectPod } from './inject-pod.ts';

const template = ['spec', 'template'] as const;

/** Where objects have the template of their pods, by group and kind. */
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  'core/Pod': [],
  'core/ReplicationController': template,
  'apps/Deployment': template,
  'apps/StatefulSet': template,
  'apps/DaemonSet': template,
  'apps/ReplicaSet': template,
  'batch/Job': template,
  'batch/CronJob': ['spec', 'jobTemplate', ...template],
  'argoproj.io/Rollout': template,
};

export type WorkloadInjection =
  | (Extract<Injection, { readonly kind: 'injected' }> & { readonly object: Fields })
  | Exclude<Injection, { readonly kind: 'injected' }>;

/** The same as `injectPod` for an object that is a pod, or makes pods; `undefined` when it does neither. */
export function injectWorkload(
  object: Fields,
  key: ObjectKey,
  context: Omit<InjectionContext, 'place'>,
): WorkloadInjection | undefined {
  const { group, kind } = parseObjectKey(key);
  const path = templatePaths[`${group}/${kind}`];
  const pod = path === undefined ? undefined : path.reduce<unknown>(inner, object);
  if (path === undefined || !isRecord(pod)) return undefined;
  const injection = injectPod(pod, { ...context, place: { object: key, path } });
  return injection.kind === 'injected' ? { ...injection, object: replaced(object, path, injection.pod) } : injection;
}

function inner(outer: unknown, segment: string): unknown {
  return isRecord(outer) ? outer[segment] : undefined;
}

function replaced(outer: unknown, [segment, ...rest]: readonly string[], by: Fields): Fields {
  if (segment === undefined) return by;
  const fields = isRecord(outer) ? outer : {};
  return { ...fields, [segment]: replaced(fields[segment], rest, by) };
}
