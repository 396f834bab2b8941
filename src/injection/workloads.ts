import type { ObjectKey } from '../diagnostics/origin.ts';
import { podTemplatePath } from '../kubernetes/pod-templates.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { type Injection, type InjectionContext, injectPod } from './inject-pod.ts';

export type WorkloadInjection =
  | (Extract<Injection, { readonly kind: 'injected' }> & { readonly object: Fields })
  | Exclude<Injection, { readonly kind: 'injected' }>;

/** The same as `injectPod` for an object that is a pod, or makes pods; `undefined` when it does neither. */
export function injectWorkload(
  object: Fields,
  key: ObjectKey,
  context: Omit<InjectionContext, 'place'>,
): WorkloadInjection | undefined {
  const path = podTemplatePath(key);
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
