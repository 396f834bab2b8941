import type { ServiceObject } from '../kubernetes/types.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { PassContext } from './state.ts';

type Domain = Pick<PassContext, 'options'>;

/** The names by which every Service is known, in lower case. */
export function ownHosts(service: ServiceObject, { options }: Domain): NonEmpty<string> {
  const short = shortHost(service);
  return [short, `${short}.svc`, `${short}.svc.${options.clusterDomain.toLowerCase()}`];
}

/** `NAME.NAMESPACE`: the shortest of them, and the beginning of the others. */
export function shortHost({ meta }: ServiceObject): string {
  return `${meta.name}.${meta.namespace}`.toLowerCase();
}

/** The short hosts of which a host can be a longer form. */
export function shortHosts(host: string, { options }: Domain): readonly string[] {
  const suffixes = ['', '.svc', `.svc.${options.clusterDomain.toLowerCase()}`];
  return suffixes.flatMap((suffix) => (host.endsWith(suffix) ? [host.slice(0, host.length - suffix.length)] : []));
}
