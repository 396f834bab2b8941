import type { Artifact, DocumentKind, Origin } from '../../../src/adapter/index.ts';

export type Fields = Readonly<Record<string, unknown>>;

const versions = {
  VirtualService: 'networking.istio.io/v1',
  DestinationRule: 'networking.istio.io/v1',
  ServiceEntry: 'networking.istio.io/v1',
  Sidecar: 'networking.istio.io/v1',
  AuthorizationPolicy: 'security.istio.io/v1',
  PeerAuthentication: 'security.istio.io/v1',
  RequestAuthentication: 'security.istio.io/v1',
} as const;

/** Those of Istio's own API. */
export const istioKinds: readonly DocumentKind[] = Object.entries(versions).map(([kind, apiVersion]) => ({
  apiVersion,
  kind,
}));

export interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object of Istio's API. */
export function istioObject(
  kind: keyof typeof versions,
  { namespace, name, annotations }: Named,
  spec: Fields,
  origins: readonly Origin[],
): Artifact {
  const labels = { 'app.kubernetes.io/managed-by': 'smi-mesh' };
  const metadata = { namespace, name, labels, ...(annotations === undefined ? {} : { annotations }) };
  const body = { apiVersion: versions[kind], kind, metadata, spec };
  return { name: `${kind}/${namespace}/${name}`, format: 'kubernetes', body, origins };
}

/** A time of whole milliseconds. */
export function duration(millis: number): string {
  return `${millis / 1000}s`;
}

/** A share in hundredths of a percent. */
export function percent(share: number): Fields {
  return { value: share / 100 };
}
