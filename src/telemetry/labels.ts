/** Which side counts: the client's sidecar, or the server's. */
export type Direction = 'outbound' | 'inbound';

/** Of requests and connections: how they ended. `unauthenticated`: a plain caller at a port that lets them in. */
export type Verdict =
  | 'forwarded'
  | 'rejected'
  | 'failed'
  | 'allowed'
  | 'denied'
  | 'audited'
  | 'limited'
  | 'unauthenticated';

/** In the order in which they are shown. */
export const trafficLabels = [
  { name: 'direction', help: "whose sidecar counts: `outbound` the client's, `inbound` the server's" },
  { name: 'source_namespace', help: "of the client; at the server's side as its certificate says" },
  {
    name: 'source_owner',
    help: "farthest owner of the client's pod, where all pods of its account have the same; such as `Deployment/web`; `Pod/NAME` without one",
  },
  { name: 'source_pod', help: "outbound only: name of the client's pod" },
  { name: 'source_identity', help: "SPIFFE id of the client; at the server's side what it proved" },
  {
    name: 'destination',
    help: 'outbound the service port that was asked for, `NAMESPACE/SERVICE:PORT`; inbound the pod, `NAMESPACE/POD`',
  },
  { name: 'destination_namespace', help: 'of the pod that was chosen, or of the service where none was' },
  { name: 'destination_owner', help: 'farthest owner of that pod' },
  { name: 'destination_pod', help: 'name of that pod' },
  { name: 'destination_identity', help: 'SPIFFE id of that pod' },
  { name: 'backend', help: 'outbound only: the service that was chosen, `NAMESPACE/SERVICE`' },
  { name: 'split', help: 'outbound only: the TrafficSplit that chose, `NAMESPACE/NAME`' },
  {
    name: 'route',
    help: 'outbound only: the rule of the service port that took the request, `NAMESPACE/SERVICE:PORT#INDEX`',
  },
  { name: 'rule', help: 'inbound only: the TrafficTarget that let it in, `NAMESPACE/NAME`' },
] as const;

/**
 * Who talks to whom, and by which of the user's objects: what all requests of one series have in common, whichever data
 * plane carried them. What is not known, or does not apply, is empty.
 */
export type TrafficLabels = Readonly<Record<(typeof trafficLabels)[number]['name'], string>> & {
  readonly direction: Direction;
};

/** The pod whose sidecar counts. */
export interface CountingPod {
  /** `NAMESPACE/POD`. */
  readonly workload: string;
  readonly owner: string;
  readonly identity: string;
}

const unknown: Omit<TrafficLabels, 'direction'> = {
  source_namespace: '',
  source_owner: '',
  source_pod: '',
  source_identity: '',
  destination: '',
  destination_namespace: '',
  destination_owner: '',
  destination_pod: '',
  destination_identity: '',
  backend: '',
  split: '',
  route: '',
  rule: '',
};

/** Of what a pod's programs ask for: all that does not depend on the request. */
export function outboundLabels({ workload, owner, identity }: CountingPod): TrafficLabels {
  const [namespace = '', pod = ''] = workload.split('/');
  return {
    direction: 'outbound',
    ...unknown,
    source_namespace: namespace,
    source_owner: owner,
    source_pod: pod,
    source_identity: identity,
  };
}

/** Of what a peer asks a pod's programs for. */
export function inboundLabels(
  { workload, owner, identity }: CountingPod,
  peer: { readonly identity: string; readonly owner: string },
): TrafficLabels {
  const [namespace = '', pod = ''] = workload.split('/');
  return {
    direction: 'inbound',
    ...unknown,
    source_namespace: namespaceOf(peer.identity),
    source_owner: peer.owner,
    source_identity: peer.identity,
    destination: workload,
    destination_namespace: namespace,
    destination_owner: owner,
    destination_pod: pod,
    destination_identity: identity,
  };
}

/** `2xx` and so on; `none` where the client got no status. */
export function codeClass(code: number): string {
  return code >= 100 && code < 600 ? `${Math.floor(code / 100)}xx` : 'none';
}

/** An SVID names the namespace of whoever proves it; empty for what is no workload's identity. */
export function namespaceOf(identity: string): string {
  return /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\//.exec(identity)?.[1] ?? '';
}
