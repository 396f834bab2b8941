import { isDeepStrictEqual } from 'node:util';
import { type CompileOptions, createCompiler } from '../compile/index.ts';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { toFindings } from '../diagnostics/located.ts';
import { type Authority, createAuthority, type Svid } from '../identity/authority.ts';
import type { PodObject } from '../kubernetes/types.ts';
import { parseSpiffeId, type SpiffeId, spiffeId } from '../lib/spiffe.ts';
import { hashModel } from '../model/canonical.ts';
import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { NodeInfo, XdsEvent, XdsLimits } from '../xds/contract.ts';
import { createXdsServer, type XdsCounters, type XdsServer } from '../xds/server.ts';
import type { View } from '../xds/view.ts';
import { Credentials } from './credentials.ts';
import { type Load, Loader } from './loader.ts';
import type { AdsAddress, ControlPlaneMessage, LocatedDiagnostic, WantedShare } from './messages.ts';
import { type DataPlane, Publisher } from './publisher.ts';
import { wantedShares } from './shares.ts';
import { watchFiles } from './watch.ts';

export type ControlPlaneEvent = Extract<
  ControlPlaneMessage,
  { readonly type: 'objects' | 'loaded' | 'published' | 'nack' | 'splits' }
>;

export interface ControlPlaneOptions {
  readonly paths: readonly string[];
  /** Private directory for the authority's key and the last good objects; without it nothing survives the process. */
  readonly stateDirectory?: string;
  readonly adapters: readonly DataPlane[];
  readonly compileOptions: CompileOptions;
  /** Port 0 takes a free one. */
  readonly ads: { readonly address: string; readonly port: number };
  /**
   * Nothing is published before `setPods` was called once: after a restart, proxies keep what they have until the pods
   * that run are known.
   */
  readonly awaitPods?: boolean;
  readonly svidLifetimeSeconds?: number;
  readonly pollMillis?: number;
  readonly limits?: Partial<XdsLimits>;
  readonly onEvent: (event: ControlPlaneEvent) => void;
  /** What the ADS server does; for tests and metrics. */
  readonly onXdsEvent?: (event: XdsEvent) => void;
}

export interface ControlPlane {
  readonly ads: AdsAddress;
  /** Publishes the first time; to be called once the caller listens to events. */
  start(): void;
  /** The pods that run, beside those of the files; replaces the list before. */
  setPods(pods: readonly PodObject[]): void;
  /** A fresh SVID; rejects for an identity of another trust domain. */
  issue(identity: string): Promise<Svid>;
  counters(): XdsCounters;
  close(): Promise<void>;
}

const defaultLifetimeSeconds = 86_400;
/** Namespace and account of the control plane's own identity. */
const ownName = { namespace: 'smi-mesh-system', account: 'control-plane' } as const;
const serverHolder = '';

/**
 * Files to proxies: watches, loads, compiles, emits, publishes. Rejects when the state directory is not private or the
 * address cannot be bound.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { compileOptions, stateDirectory } = options;
  const { trustDomain } = compileOptions;
  const authority = await createAuthority({
    trustDomain,
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
  });
  const identity = spiffeId(trustDomain, ownName.namespace, ownName.account);
  const lifetimeSeconds = options.svidLifetimeSeconds ?? defaultLifetimeSeconds;
  const own = await authority.issue(identity, { lifetimeSeconds });
  const running = new RunningControlPlane(options, authority);
  const server = await createXdsServer({
    ...options.ads,
    typeOrders: options.adapters.map(({ adapter }) => adapter.typeOrder),
    tls: own,
    authorize: (peer, node) => running.authorizes(peer, node),
    viewOf: (node, typeUrl) => running.viewOf(node, typeUrl),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    onEvent: (event) => running.observe(event),
  });
  running.attach(server, identity);
  return {
    ads: { address: options.ads.address, port: server.port, identity },
    start: () => running.start(),
    setPods: (pods) => running.setPods(pods),
    issue: (wanted) => running.issue(wanted),
    counters: () => server.counters(),
    close: () => running.close(),
  };
}

class RunningControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #authority: Authority;
  readonly #compiler = createCompiler();
  readonly #loader: Loader;
  readonly #credentials: Credentials;
  readonly #publisher: Publisher;
  #server: XdsServer | undefined;
  #stopWatching: (() => void) | undefined;
  #load: Load | undefined;
  #pods: readonly PodObject[] | undefined;
  #model: MeshModel | undefined;
  #shares: readonly WantedShare[] | undefined;

  constructor(options: ControlPlaneOptions, authority: Authority) {
    this.#options = options;
    this.#authority = authority;
    this.#loader = new Loader(options.paths, options.stateDirectory);
    this.#publisher = new Publisher(options.adapters);
    this.#credentials = new Credentials({
      authority,
      lifetimeSeconds: options.svidLifetimeSeconds ?? defaultLifetimeSeconds,
      onIssued: (holder, identity, svid) => {
        if (holder === serverHolder) this.#server?.rotate(svid);
        else this.#publisher.setSecret(holder, identity, svid);
      },
      onFailed: (finding) => this.#report([finding]),
    });
  }

  attach(server: XdsServer, identity: SpiffeId): void {
    this.#server = server;
    this.#credentials.want(serverHolder, identity);
  }

  start(): void {
    const { paths, pollMillis } = this.#options;
    // Watched before they are read, so that no change falls in between.
    this.#stopWatching = watchFiles({
      paths,
      ...(pollMillis === undefined ? {} : { intervalMillis: pollMillis }),
      onChange: () => this.#reload(),
    });
    this.#reload();
  }

  setPods(pods: readonly PodObject[]): void {
    if (this.#pods !== undefined && isDeepStrictEqual(pods, this.#pods)) return;
    this.#pods = pods;
    if (this.#load === undefined) return;
    const load = this.#load;
    this.#guard(load, () => this.#publish(load, this.#compile(load).model));
  }

  async issue(identity: string): Promise<Svid> {
    if (parseSpiffeId(identity) === undefined) throw new Error(`${JSON.stringify(identity)} is not a SPIFFE id`);
    const lifetimeSeconds = this.#options.svidLifetimeSeconds ?? defaultLifetimeSeconds;
    return await this.#authority.issue(identity as SpiffeId, { lifetimeSeconds });
  }

  authorizes(peer: SpiffeId | undefined, node: string): boolean {
    const workload = this.#workload(node);
    return peer !== undefined && workload?.identity === peer;
  }

  viewOf(node: NodeInfo, typeUrl: string): View | undefined {
    return this.#publisher.viewOf(node, typeUrl);
  }

  observe(event: XdsEvent): void {
    this.#options.onXdsEvent?.(event);
    if (event.kind === 'connected') {
      const workload = this.#workload(event.node);
      if (workload !== undefined) this.#credentials.want(workload.id, workload.identity);
    } else if (event.kind === 'disconnected') {
      if (this.#server?.isConnected(event.node) === true) return;
      this.#credentials.release(event.node);
      this.#publisher.release(event.node);
    } else if (event.kind === 'nack' && (event.certain || event.names.length === 0)) {
      const { node: workload, names: resources, typeUrl, detail } = event;
      const origins = resources.flatMap((name) => this.#publisher.originsOf(typeUrl, name));
      this.#options.onEvent({ type: 'nack', workload, resources, detail, origins });
      const [origin, ...related] = origins;
      const message = `the proxy of ${workload} refused ${resources.join(', ')}: ${detail}`;
      const place = origin === undefined ? {} : { origin, ...(related.length === 0 ? {} : { related }) };
      this.#report([diagnostic('SMI5101', { message, ...place })]);
    }
  }

  async close(): Promise<void> {
    this.#stopWatching?.();
    this.#credentials.stop();
    await this.#server?.close();
  }

  #workload(node: string) {
    const workloads = this.#model?.workloads;
    return workloads !== undefined && Object.hasOwn(workloads, node) ? workloads[node as WorkloadId] : undefined;
  }

  #reload(): void {
    const before = this.#load;
    this.#guard(before, () => {
      const load = this.#loader.load();
      const { model, diagnostics } = this.#compile(load);
      this.#load = load;
      const { generation, changed, refused, input } = load;
      const { deployments, services } = input;
      this.#options.onEvent({
        type: 'loaded',
        generation,
        changed,
        refused,
        diagnostics: located([...load.diagnostics, ...diagnostics], load),
      });
      this.#options.onEvent({ type: 'objects', generation, deployments, services });
      if (this.#pods !== undefined || this.#options.awaitPods !== true) this.#publish(load, model);
    });
  }

  #compile({ input }: Load) {
    const running = this.#pods ?? [];
    const names = new Set(running.map(({ meta }) => meta.key));
    const pods = [...input.pods.filter(({ meta }) => !names.has(meta.key)), ...running];
    return this.#compiler.compile({ ...input, pods }, this.#options.compileOptions);
  }

  #publish(load: Load, model: MeshModel): void {
    if (model === this.#model) return;
    const before = Object.values(this.#model?.workloads ?? {});
    this.#model = model;
    const { changedUnits } = this.#publisher.publish(model);
    for (const { id, identity } of before) if (this.#workload(id)?.identity !== identity) this.#server?.revoke(id);
    if (changedUnits.length > 0) {
      const { generation } = load;
      const hash = hashModel(model);
      const workloads = Object.keys(model.workloads).length;
      this.#options.onEvent({ type: 'published', generation, hash, changedUnits, workloads });
    }
    const splits = wantedShares(model);
    if (isDeepStrictEqual(splits, this.#shares)) return;
    this.#shares = splits;
    this.#options.onEvent({ type: 'splits', splits });
  }

  /** A defect must not end a mesh that works: what was in force stays, and the defect is reported. */
  #guard(load: Load | undefined, work: () => void): void {
    try {
      work();
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#report([diagnostic('SMI6003', { message })], load);
    }
  }

  #report(diagnostics: readonly Diagnostic[], load = this.#load): void {
    this.#options.onEvent({
      type: 'loaded',
      generation: load?.generation ?? 0,
      changed: [],
      refused: load?.refused ?? [],
      diagnostics: located(diagnostics, load),
    });
  }
}

function located(diagnostics: readonly Diagnostic[], load: Load | undefined): readonly LocatedDiagnostic[] {
  return toFindings(diagnostics, load?.locate ?? (() => undefined)).map(({ diagnostic: found, location }) => {
    const { code, severity, message, hint, origin } = found;
    const place = { ...(origin === undefined ? {} : { origin }), ...(location === undefined ? {} : { location }) };
    return { code, severity, message, hint, ...place };
  });
}
