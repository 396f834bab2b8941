import type { ObjectKey } from '../../diagnostics/origin.ts';
import type { ProxyState, TypeState } from '../../xds/contract.ts';
import type { XdsResource } from '../../xds/view.ts';
import type { CarrierReport, CarriersReport } from './contract.ts';
import { refusedOf } from './reports.ts';
import type { AdminSource } from './source.ts';

/** Which proxies have something that an object takes part in, and whether they have it as it is now; `text`: KIND/NAMESPACE/NAME. */
export function carriersReport(source: AdminSource, text: string): CarriersReport {
  const object = source.findObject(text);
  const proxies = source.proxies();
  const connected = new Set(proxies.map(({ node }) => node.id));
  const absent = source.workloads().filter((workload) => !connected.has(workload));
  if (object === undefined) return { known: false, carriers: [], absent };
  const isFrom = madeFrom(source, object);
  return { known: true, carriers: proxies.flatMap((proxy) => carrier(source, proxy, isFrom) ?? []), absent };
}

type MadeFrom = (proxy: ProxyState, resource: XdsResource) => boolean;

/** Views share resources: each is looked at once. */
function madeFrom(source: AdminSource, object: ObjectKey): MadeFrom {
  const known = new Map<XdsResource, boolean>();
  return (proxy, resource) => {
    const found = known.get(resource) ?? source.objectsOf(proxy, resource).includes(object);
    known.set(resource, found);
    return found;
  };
}

/** Undefined for a proxy that has nothing of the object. */
function carrier(source: AdminSource, proxy: ProxyState, isFrom: MadeFrom): CarrierReport | undefined {
  const types = proxy.types.map((type) => {
    const own = askedFor(proxy, type).filter((resource) => isFrom(proxy, resource));
    const { acked } = type;
    const refused = refusedOf(source, type).filter(({ resource, version }) =>
      own.some((each) => each.name === resource && each.version === version),
    );
    return { own, refused, lacks: own.some(({ name, version }) => acked.get(name) !== version) };
  });
  if (types.every(({ own }) => own.length === 0)) return undefined;
  const refused = types.flatMap((type) => type.refused);
  const waits = types.some(({ lacks }) => lacks);
  return { node: proxy.node.id, state: refused.length > 0 ? 'refused' : waits ? 'waiting' : 'synced', refused };
}

function askedFor({ view }: ProxyState, { typeUrl, wildcard, names }: TypeState): readonly XdsResource[] {
  const wanted = view.get(typeUrl);
  return wildcard ? [...wanted.values()] : names.flatMap((name) => wanted.get(name) ?? []);
}
