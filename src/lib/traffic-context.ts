/**
 * What a sidecar of another make says once of each stream of its access log, so that whoever reads the stream can name what
 * it counts as our own proxy does. It travels as the log's name, and so comes and goes with the configuration that it is about.
 */
export interface TrafficContext {
  readonly direction: 'outbound' | 'inbound';
  /** The pod that the sidecar belongs to, `NAMESPACE/POD`, its farthest owner, its SPIFFE id and its addresses. */
  readonly workload: string;
  readonly owner: string;
  readonly identity: string;
  readonly addresses: readonly string[];
  /** Outbound connections: what decides about all of them. Requests tell themselves. */
  readonly way?: ConnectionWay;
  /** Inbound: how it is decided who is let in. */
  readonly access?: InboundAccess;
  /** Every connection of the stream is refused for this reason. */
  readonly refused?: string;
}

export interface ConnectionWay {
  /** `NAMESPACE/SERVICE:PORT`, or `outside`. */
  readonly destination: string;
  /** `NAMESPACE/SERVICE:PORT#INDEX`; empty where no rule takes connections. */
  readonly route: string;
  /** `NAMESPACE/NAME`. */
  readonly split: string;
  /** The backends that may be chosen, `NAMESPACE/SERVICE`; without any, connections are refused. */
  readonly backends: readonly string[];
  /** Those of them whose servers let the client nowhere in. */
  readonly denied: readonly string[];
}

export interface InboundAccess {
  readonly mode: 'deny' | 'audit' | 'allow';
  /** Whether callers prove who they are. */
  readonly callers: 'identified' | 'plain';
  /** Of the port, in order. */
  readonly rules: readonly AccessRule[];
  /** What callers that rules name are known by, by identity. */
  readonly owners: Readonly<Record<string, string>>;
  /** `NAMESPACE/NAME` of the policies that limit how many requests may come. */
  readonly limits: readonly string[];
}

export interface AccessRule {
  /** `NAMESPACE/NAME`. */
  readonly rule: string;
  /** Where it stands: an object, and a field of it. */
  readonly object: string;
  readonly path: string;
  readonly identities: readonly string[];
}

/** Metadata of endpoints and routes that such a sidecar repeats in each entry, and the tags in which it does. */
export const trafficTags = {
  /** Of an endpoint: `WORKLOAD OWNER IDENTITY`, each possibly empty. */
  peer: 'peer',
  /** Of a route: the split that governs it. */
  split: 'split',
} as const;

/** What a node's metadata says when its Envoy has the cluster `telemetryCluster`. */
export const telemetryMetadata = 'smi-mesh.io/telemetry';

/** The cluster to which an Envoy streams its access log: whoever counts beside it. */
export const telemetryCluster = 'smi-mesh-telemetry';

/** Of a client's refusal: the prefix of the keys in which access control names the backend. */
export const deniedBackendPrefix = 'backend_';

export function writeContext(context: TrafficContext): string {
  return JSON.stringify(context);
}

/** Undefined for a name that is none. Fields beyond direction and workload are trusted to be what such a sidecar writes. */
export function readContext(text: string): TrafficContext | undefined {
  try {
    const value = JSON.parse(text) as Partial<TrafficContext> | null;
    const known = value?.direction === 'outbound' || value?.direction === 'inbound';
    const { workload, owner, identity, addresses } = value ?? {};
    if (!known || !Array.isArray(addresses)) return undefined;
    if (![workload, owner, identity].every((text) => typeof text === 'string')) return undefined;
    return value as TrafficContext;
  } catch {
    return undefined;
  }
}
