/** What one Envoy counted as a client, read from its admin page by the names that this adapter gives. */
export interface ClientStats {
  /** By the port on which it listens. */
  readonly listeners: ReadonlyMap<number, ListenerStats>;
  /** By name, `NAMESPACE/SERVICE:PORT`. */
  readonly clusters: ReadonlyMap<string, ClusterStats>;
}

export interface ListenerStats {
  /** Answered, by whomever. */
  requests: number;
  /** Of these, with 4xx. */
  clientErrors: number;
  /** Of these, with 5xx. */
  serverErrors: number;
  /** Refused by the sidecar itself. */
  denied: number;
}

export interface ClusterStats {
  /** Answers by status. */
  readonly codes: Map<string, number>;
  /** Cumulative, by upper bound in milliseconds. */
  times: readonly (readonly [bound: number, count: number])[];
}

/** Asks for what `readClientStats` reads. */
export const clientStatsPath =
  '/stats?format=json&usedonly&histogram_buckets=cumulative&filter=' +
  encodeURIComponent(
    '^(cluster|http)\\..*\\.(upstream_rq_(\\d+|time)|downstream_rq_(completed|4xx|5xx)|rbac\\.denied)$',
  );

interface Dump {
  readonly stats: readonly {
    readonly name?: string;
    readonly value?: number;
    readonly histograms?: readonly {
      readonly name: string;
      readonly buckets: readonly { readonly upper_bound: number; readonly cumulative: number }[];
    }[];
  }[];
}

/** In names of statistics a colon is an underscore. */
const cluster = /^cluster\.([^.]+\/.+)[_:](\d+)\.upstream_rq_(\d{3}|time)$/;
const listener = /^http\.outbound\/.+[_:](\d+)\.(downstream_rq_(?:completed|4xx|5xx)|rbac\.denied)$/;

const fields = {
  downstream_rq_completed: 'requests',
  downstream_rq_4xx: 'clientErrors',
  downstream_rq_5xx: 'serverErrors',
  'rbac.denied': 'denied',
} as const satisfies Record<string, keyof ListenerStats>;

/** Reads the answer to `clientStatsPath`; `undefined` when it is no such answer. */
export function readClientStats(text: string): ClientStats | undefined {
  const dump = parse(text);
  if (dump === undefined) return undefined;
  const listeners = new Map<number, ListenerStats>();
  const clusters = new Map<string, ClusterStats>();
  const clusterOf = ([, name = '', port = '']: RegExpExecArray): ClusterStats => {
    const key = `${name}:${port}`;
    const found = clusters.get(key) ?? { codes: new Map<string, number>(), times: [] };
    clusters.set(key, found);
    return found;
  };
  for (const { name = '', value = 0, histograms = [] } of dump.stats) {
    const answered = cluster.exec(name);
    if (answered?.[3] !== undefined) clusterOf(answered).codes.set(answered[3], value);
    const taken = listener.exec(name);
    if (taken !== null) {
      const port = Number(taken[1]);
      const found = listeners.get(port) ?? { requests: 0, clientErrors: 0, serverErrors: 0, denied: 0 };
      listeners.set(port, found);
      found[fields[taken[2] as keyof typeof fields]] = value;
    }
    for (const histogram of histograms) {
      const timed = cluster.exec(histogram.name);
      const times = histogram.buckets.map(({ upper_bound, cumulative }) => [upper_bound, cumulative] as const);
      if (timed?.[3] === 'time') clusterOf(timed).times = times;
    }
  }
  return { listeners, clusters };
}

function parse(text: string): Dump | undefined {
  try {
    const value = JSON.parse(text) as Partial<Dump> | null;
    return Array.isArray(value?.stats) ? (value as Dump) : undefined;
  } catch {
    return undefined;
  }
}
