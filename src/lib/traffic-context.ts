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
  /** Of a port for connections, in order. At one for requests routes say what concerns each caller (`CallerAccess`). */
  readonly rules: readonly AccessRule[];
  /** What callers that these rules name are known by, by identity. */
  readonly owners: Readonly<Record<string, string>>;
  /** `NAMESPACE/NAME` of the policies that limit how many requests may come. */
  readonly limits: readonly string[];
}

/** A rule, and where it stands: an object, and a field of it. */
export interface RulePlace {
  /** `NAMESPACE/NAME`. */
  readonly rule: string;
  readonly object: string;
  readonly path: string;
}

export interface AccessRule extends RulePlace {
  readonly identities: readonly string[];
}

/** What a port says of one caller. */
export interface CallerAccess {
  /** What it is known by; empty where that is not known. */
  readonly owner: string;
  /** Those that name it, in order; where none does the first of the port. */
  readonly rules: readonly RulePlace[];
}

/** Metadata of endpoints and routes that such a sidecar repeats in each entry, and the tags in which it does. */
export const trafficTags = {
  /** Of an endpoint: `WORKLOAD OWNER IDENTITY`, each possibly empty. */
  peer: 'peer',
  /** Of a route: the split that governs it. */
  split: 'split',
  /** Of inbound requests, by what routes say of their caller: a `CallerAccess`. */
  caller: 'caller',
} as const;

/** What a node's metadata says when its Envoy has the cluster `telemetryCluster`. */
export const telemetryMetadata = 'smi-mesh.io/telemetry';

/** The cluster to which an Envoy streams its access log: whoever counts beside it. */
export const telemetryCluster = 'smi-mesh-telemetry';

/** Of a client's refusal: the prefix of the keys in which access control names the backend. */
export const deniedBackendPrefix = 'backend_';

/** As a tag: lines, since what is cut off at the end of a long one does no harm to the others. */
export function writeCaller({ owner, rules }: CallerAccess): string {
  return [owner, ...rules.map(({ rule, object, path }) => `${rule} ${object} ${path}`)].join('\n');
}

export function readCaller(text: string): CallerAccess {
  const [owner = '', ...lines] = text.split('\n');
  const rules = lines.map((line) => {
    const [rule = '', object = '', ...path] = line.split(' ');
    return { rule, object, path: path.join(' ') };
  });
  return { owner, rules };
}

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
