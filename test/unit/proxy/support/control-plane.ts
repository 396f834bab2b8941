import type { Authority } from '../../../../src/identity/authority.ts';
import { loadDescriptor } from '../../../../src/lib/descriptors.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import type { StaticResource } from '../../../../src/proxy/index.ts';
import {
  createView,
  createXdsServer,
  resourceVersion,
  type View,
  type XdsEvent,
  type XdsServer,
} from '../../../../src/xds/index.ts';

const typeOrder = ['Secret', 'Workload', 'OutboundService', 'InboundPolicy', 'Endpoints'].map(
  (kind) => `type.googleapis.com/smi.proxy.v1.${kind}`,
);

export interface TestControlPlane {
  readonly port: number;
  readonly events: XdsEvent[];
  readonly server: XdsServer;
  /** What the node is to have from now on. */
  serve(node: string, resources: readonly StaticResource[]): void;
}

/** An ADS server of the real kind with the identity `smi-mesh/controller`. */
export async function controlPlane(authority: Authority, address: string, port = 0): Promise<TestControlPlane> {
  const events: XdsEvent[] = [];
  const views = new Map<string, View>();
  const server = await createXdsServer({
    address,
    port,
    typeOrders: [typeOrder],
    tls: await authority.issue(spiffeId(authority.trustDomain, 'smi-mesh', 'controller')),
    authorize: () => true,
    viewOf: ({ id }) => views.get(id),
    onEvent: (event) => events.push(event),
  });
  return {
    port: server.port,
    events,
    server,
    serve(node, resources) {
      const set = resources.map(encode);
      const view = views.get(node) ?? createView();
      views.set(node, view);
      const names = new Set(set.map(({ typeUrl, name }) => `${typeUrl} ${name}`));
      const removed = typeOrder.flatMap((typeUrl) =>
        [...view.get(typeUrl).values()].filter(({ name }) => !names.has(`${typeUrl} ${name}`)),
      );
      view.update({ set, removed });
    },
  };
}

function encode({ typeUrl, ...fields }: StaticResource) {
  const type = loadDescriptor('proxy').lookupType(typeUrl.split('/')[1]!);
  const body = type.encode(type.fromObject(fields)).finish();
  return { typeUrl, name: String(fields.name), version: resourceVersion(body), body };
}
