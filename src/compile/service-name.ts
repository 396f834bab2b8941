import { serviceId } from '../model/ids.ts';
import type { ServiceId } from '../model/types.ts';

/** A Kubernetes object name without dots. */
const label = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

/**
 * The Service that a TrafficSplit names: `NAME`, `NAME.NS`, `NAME.NS.svc` or `NAME.NS.svc.CLUSTERDOMAIN`, where NS is
 * the namespace of the split; `undefined` for anything else.
 */
export function serviceNamed(text: string, namespace: string, clusterDomain: string): ServiceId | undefined {
  const [name = '', ...rest] = text.split('.');
  const suffix = rest.join('.');
  const allowed = ['', namespace, `${namespace}.svc`, `${namespace}.svc.${clusterDomain}`];
  if (!label.test(name) || text.endsWith('.') || !allowed.includes(suffix)) return undefined;
  return serviceId(namespace, name);
}
