import { describeObject, type Locate, type ObjectKey } from '../../diagnostics/origin.ts';
import type { ProxyState } from '../../xds/contract.ts';
import type { XdsServer } from '../../xds/server.ts';
import type { Delivery } from '../delivery.ts';
import type { LocatedDiagnostic } from '../messages.ts';
import type { DataPlane } from '../publisher.ts';
import type { AdminSource } from './source.ts';

export interface LiveSourceOptions {
  readonly delivery: Delivery;
  readonly server: XdsServer;
  readonly planes: readonly DataPlane[];
  /** Workloads that have a sidecar by what the manifests mean. */
  readonly workloads: () => readonly string[];
  /** Objects with an error, in force or not, and the errors of the last load. */
  readonly faults: () => { readonly refused: readonly ObjectKey[]; readonly errors: readonly LocatedDiagnostic[] };
  readonly tapTargets: AdminSource['tapTargets'];
  readonly locate: Locate;
  readonly look: AdminSource['look'];
}

/** What a control plane that runs in this process can tell. */
export function liveSource(options: LiveSourceOptions): AdminSource {
  const { delivery, server, planes, workloads, faults, tapTargets, locate, look } = options;
  return {
    rollouts: delivery.rollouts,
    refusals: delivery.refusals,
    proxies: () => server.proxies(),
    proxiesOf: (node) => server.proxiesOf(node),
    dataPlaneOf: (proxy) => dataPlaneOf(planes, proxy),
    contentOf: ({ view }, typeUrl, resource, version) =>
      delivery.resources.find(view, typeUrl, resource, version)?.artifact.body,
    objectsOf: ({ view }, { typeUrl, name, version }) => {
      const { origins = [] } = delivery.resources.find(view, typeUrl, name, version)?.artifact ?? {};
      return origins.map(({ object }) => object);
    },
    workloads,
    tapTargets,
    locate,
    look,
    errors: () => faults().errors,
    findObject: (text) => findObject([...delivery.objects.keys(), ...faults().refused], text),
    lastChange: (object) => delivery.objects.lastChange(object),
    metrics: () => delivery.metrics.render(),
  };
}

function dataPlaneOf(planes: readonly DataPlane[], { node, types: [first] }: ProxyState): string {
  if (first === undefined) return '';
  const own = planes.filter(({ adapter }) => adapter.typeOrder.includes(first.typeUrl));
  return own.find(({ takes }) => takes?.(node) !== false)?.adapter.id ?? '';
}

/** By `KIND/NAMESPACE/NAME`, or `KIND/NAME` in the namespace `default`; case does not matter. */
function findObject(keys: readonly ObjectKey[], text: string): ObjectKey | undefined {
  const [kind = '', ...rest] = text.toLowerCase().split('/');
  const wanted = `${kind} ${rest.length > 1 ? rest.join('/') : `default/${rest[0] ?? ''}`}`;
  return keys.find((key) => describeObject(key).toLowerCase() === wanted);
}
