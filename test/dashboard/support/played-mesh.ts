import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Golden, Topology, TopologyNode } from '../../../src/dashboard/api/contract.ts';
import { type Dashboard, serveDashboard } from '../../../src/dashboard/server/server.ts';
import type { Upstream, UpstreamAnswer } from '../../../src/dashboard/server/upstream.ts';

interface Played {
  readonly status?: number;
  readonly value: unknown;
  /** Milliseconds until it answers. */
  readonly after?: number;
}

const traffic = { windowSeconds: 30, observedSeconds: 30, at: 0 };
const none: Golden = { requests: 0, perSecond: 0, failures: 0, denied: 0, retries: 0 };
const beatMillis = 100;

/** What a control plane says of a mesh in which there is nothing. */
const empty: Readonly<Record<string, unknown>> = {
  '/api/overview': {
    ...{
      trustDomain: 'cluster.local',
      accessMode: 'deny',
      generation: 1,
      services: 0,
      workloads: 0,
      ready: 0,
      splits: 0,
    },
    proxies: { connected: 0, behind: 0, absent: 0 },
    findings: { errors: 0, warnings: 0, infos: 0 },
  },
  '/api/topology': { traffic, nodes: [], edges: [] },
  '/api/catalogue': { traffic, services: [], clients: [] },
  '/api/splits': { traffic, splits: [] },
  '/api/access': { traffic, namespaces: [], clients: [], destinations: [], cells: [] },
  '/api/audit': { changes: [] },
  '/api/diagnostics': { findings: [], refusals: [] },
  '/api/ejections': { proxies: { known: 0, read: 0 }, ejections: [] },
  '/proxies': { proxies: [], absent: [] },
};

/** A real page whose control plane is played, so that it can be slow, wrong or away. It tells of changes ten times a second. */
export class PlayedMesh {
  readonly #answers: Map<string, Played>;
  readonly #dashboard: Dashboard;
  readonly #control: { away: boolean };

  private constructor(dashboard: Dashboard, answers: Map<string, Played>, control: { away: boolean }) {
    this.#dashboard = dashboard;
    this.#answers = answers;
    this.#control = control;
  }

  static async start(): Promise<PlayedMesh> {
    const answers = new Map<string, Played>();
    const control = { away: false };
    const upstream: Upstream = { open: (target, signal) => open(target, signal, answers, control) };
    const dashboard = await serveDashboard({ mesh: 'a played mesh', port: 0, upstream });
    return new PlayedMesh(dashboard, answers, control);
  }

  get url(): string {
    return this.#dashboard.url;
  }

  /** What is answered at a path from now on; without, as in an empty mesh. */
  play(path: string, played?: Played): void {
    if (played === undefined) this.#answers.delete(path);
    else this.#answers.set(path, played);
  }

  /** Whether the control plane answers anybody. */
  set away(away: boolean) {
    this.#control.away = away;
  }

  stop(): Promise<void> {
    return this.#dashboard.close();
  }
}

async function open(
  target: string,
  signal: AbortSignal,
  answers: ReadonlyMap<string, Played>,
  control: { readonly away: boolean },
): Promise<UpstreamAnswer> {
  if (control.away) throw new Error('connect ECONNREFUSED');
  const path = target.split('?', 1)[0]!;
  if (path === '/api/events') return { status: 200, type: 'text/event-stream', body: Readable.from(beats(control)) };
  const { status = 200, value, after = 0 } = answers.get(path) ?? { value: empty[path] };
  if (after > 0) await pause(after, undefined, { signal });
  if (value === undefined)
    return { status: 404, type: 'application/json', body: Readable.from(['{"error":"nothing"}']) };
  return { status, type: 'application/json', body: Readable.from([JSON.stringify(value)]) };
}

async function* beats(control: { readonly away: boolean }): AsyncGenerator<string> {
  yield 'retry: 200\n\n';
  while (!control.away) {
    yield 'event: changed\ndata: {}\n\n';
    await pause(beatMillis);
  }
}

/** So many workloads one after the other, each of which calls the next. */
export function chain(length: number): Topology {
  const nodes = Array.from({ length }, (_, index): TopologyNode => {
    const name = `w${index}`;
    const id = `workload:shop/Deployment/${name}`;
    return { id, kind: 'workload', namespace: 'shop', name, owner: 'Deployment', services: [], ready: 1, pods: 1 };
  });
  const edges = nodes.slice(1).map(({ id }, index) => ({
    ...({ from: nodes[index]!.id, to: id, kind: 'call', granted: true } as const),
    golden: { ...none, requests: 30, perSecond: 1, success: 1, p99: 5 },
  }));
  return { traffic, nodes, edges };
}
