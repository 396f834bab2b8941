import { parseObjectKey } from '../diagnostics/origin.ts';
import type { SourceDocument } from '../source/types.ts';

export const gatewayGroup = 'gateway.networking.k8s.io';

/** The kinds of the group that can concern a mesh, with the versions that say the same. */
const versions: Readonly<Record<string, readonly string[]>> = {
  HTTPRoute: ['v1', 'v1beta1'],
  GRPCRoute: ['v1', 'v1alpha2'],
  TLSRoute: ['v1', 'v1alpha3', 'v1alpha2'],
  TCPRoute: ['v1', 'v1alpha2'],
  UDPRoute: ['v1', 'v1alpha2'],
  ReferenceGrant: ['v1', 'v1beta1', 'v1alpha2'],
};

/** The versions of a kind, the newest first; none of a kind that is not read. */
export function gatewayVersions(kind: string): readonly string[] {
  return Object.hasOwn(versions, kind) ? (versions[kind] ?? []) : [];
}

/** Whether an object is a route, or says which routes may name it. */
export function isGatewayKind(document: SourceDocument): boolean {
  const { group, kind } = parseObjectKey(document.key);
  return group === gatewayGroup && gatewayVersions(kind).length > 0;
}
