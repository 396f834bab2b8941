import type { Artifact, DocumentKind } from '../../../src/adapter/contract.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { uniqueOrigins } from '../../../src/model/origins.ts';
import type { Service } from '../../../src/model/types.ts';
import type { References } from './references.ts';

const group = 'gateway.networking.k8s.io';

const routeKinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'UDPRoute'] as const;
type RouteKind = (typeof routeKinds)[number];
const [routeVersion, grantVersion] = ['v1', 'v1beta1'];

export const kinds: readonly DocumentKind[] = [
  ...routeKinds.map((kind) => ({ apiVersion: `${group}/${routeVersion}`, kind })),
  { apiVersion: `${group}/${grantVersion}`, kind: 'ReferenceGrant' },
];

interface Named {
  readonly kind: string;
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
  readonly origins: readonly Origin[];
}

/** A kind of objects that routes may be attached to. */
export interface ParentKind {
  readonly group: string;
  readonly kind: string;
}

/** What a route is attached to: one port of a Service, in its namespace or for the clients of another. */
export interface Attachment {
  readonly service: Service;
  readonly port: number;
  readonly namespace: string;
  /** Other objects of the Service's name and namespace to which it is attached, too. */
  readonly beside: readonly ParentKind[];
}

/** Names of routes of one port in the order in which they count, also by the alphabet: `store-80`, `store-80-02`. */
function routeName({ service, port, namespace }: Attachment, index: number): string {
  const base = namespace === service.namespace ? service.name : `${service.name}.${service.namespace}`;
  return `${base}-${port}${index === 0 ? '' : `-${String(index + 1).padStart(2, '0')}`}`;
}

export function routeOf(
  kind: RouteKind,
  at: Attachment,
  index: number,
  rules: readonly unknown[],
  origins: readonly Origin[],
): Artifact {
  const { service, port, namespace, beside } = at;
  const elsewhere = namespace === service.namespace ? {} : { namespace: service.namespace };
  const parentRefs = [{ group: '', kind: 'Service' }, ...beside].map(({ group, kind }) => ({
    ...{ group, kind, name: service.name, ...elsewhere, port },
  }));
  const name = routeName(at, index);
  return object({ kind, version: routeVersion, namespace, name, origins }, { parentRefs, rules });
}

const maxNames = 16;

/** Lets a route refer to Services of other namespaces: a grant in each of them, or some where one is full. */
export function referenceGrants(
  kind: RouteKind,
  at: Attachment,
  references: References,
  origins: readonly Origin[],
): readonly Artifact[] {
  return references.foreign().flatMap(({ namespace, names }) => {
    const grants = Array.from({ length: Math.ceil(names.length / maxNames) }, (_, index) =>
      names.slice(index * maxNames, (index + 1) * maxNames),
    );
    return grants.map((granted, index) => {
      const name = `${routeName(at, index)}.${at.namespace}`;
      const spec = {
        from: [{ group, kind, namespace: at.namespace }],
        to: granted.map((service) => ({ group: '', kind: 'Service', name: service })),
      };
      return object({ kind: 'ReferenceGrant', version: grantVersion, namespace, name, origins }, spec);
    });
  });
}

function object({ kind, version, namespace, name, origins }: Named, spec: unknown): Artifact {
  const labels = { 'app.kubernetes.io/managed-by': 'smi-mesh' };
  return {
    name: `${kind}/${namespace}/${name}`,
    format: 'kubernetes',
    body: { apiVersion: `${group}/${version}`, kind, metadata: { name, namespace, labels }, spec },
    origins: uniqueOrigins(origins),
  };
}
