import { isDeepStrictEqual } from 'node:util';
import { type Compilation, type CompileOptions, createCompiler } from '../compile/index.ts';
import { diagnostic } from '../diagnostics/diagnostic.ts';
import { type Authority, createAuthority, type Svid } from '../identity/authority.ts';
import type { PodObject } from '../kubernetes/types.ts';
import { parseSpiffeId, type SpiffeId, spiffeId } from '../lib/spiffe.ts';
import { bothChanges, type ModelChanges, noChanges } from '../model/changes.ts';
import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { NodeInfo, XdsEvent, XdsLimits } from '../xds/contract.ts';
import type { LocalSocket } from '../xds/local-socket.ts';
import { createXdsServer, type XdsCounters, type XdsServer } from '../xds/server.ts';
import type { View } from '../xds/view.ts';
import type { AdminHandler } from './admin/contract.ts';
import { createAdminHandler } from './admin/handler.ts';
import { liveSource } from './admin/live-source.ts';
import { serveSocket } from './admin/socket.ts';
import { Credentials } from './credentials.ts';
import { Delivery } from './delivery.ts';
import { type Load, Loader } from './loader.ts';
import { located } from './located.ts';
import type { AdsAddress, ControlPlaneMessage, LocatedDiagnostic, WantedShare } from './messages.ts';
import { type DataPlane, Publisher } from './publisher.ts';
import type { ProxyRefusal } from './refusals/refusal.ts';
import type { RolloutCause } from './rollouts/rollout.ts';
import { wantedShares } from './shares.ts';
import { type FileChange, type FileWatch, watchFiles } from './watch.ts';

export type ControlPlaneEvent = Extract<
  ControlPlaneMessage,
  { readonly type: 'objects' | 'loaded' | 'published' | 'finding' | 'nack' | 'recovered' | 'splits' }
>;

export interface ControlPlaneOptions {
  readonly paths: readonly string[];
  /**
   * Private directory for the authority's key, the last good objects, and the socket that answers questions; without it
   * nothing survives the process, and nobody can ask.
   */
  readonly stateDirectory?: string;
  readonly adapters: readonly DataPlane[];
  readonly compileOptions: CompileOptions;
  /** Port 0 takes a free one. */
  readonly ads: {
    readonly address: string;
    readonly port: number;
    /** Host names and addresses under which clients reach it, beside `address`: some know a server by these only. */
    readonly names?: readonly string[];
  };
  /**
   * Nothing is published before `setPods` was called once: after a restart, proxies keep what they have until the pods
   * that run are known.
   */
  readonly awaitPods?: boolean;
  /** Path of a Unix socket for clients that cannot prove who they are, in a folder that only their user can enter. */
  readonly localSocket?: string;
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
  /** What proxies refuse now. */
  refusals(): readonly ProxyRefusal[];
  /** Answers questions about itself; whoever carries them checks who asks. */
  readonly admin: AdminHandler;
  close(): Promise<void>;
}

const defaultLifetimeSeconds = 86_400;
/** Namespace and account of the control plane's own identity. */
const ownName = { namespace: 'smi-mesh-system', account: 'control-plane' } as const;
const serverHolder = '';

/** What the control plane of a trust domain presents to proxies. */
export function controlPlaneIdentity(trustDomain: string): SpiffeId {
  return spiffeId(trustDomain, ownName.namespace, ownName.account);
}
/** Objects that a rollout names. */
const maxChanged = 100;

type PublishStart = { readonly cause: RolloutCause; readonly startedAt: number } & Partial<FileChange>;

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
  const identity = controlPlaneIdentity(trustDomain);
  const lifetimeSeconds = options.svidLifetimeSeconds ?? defaultLifetimeSeconds;
  const hosts = [...new Set([options.ads.address, ...(options.ads.names ?? [])])].filter((host) => !isEverywhere(host));
  const own = await authority.issue(identity, { lifetimeSeconds, hosts });
  const running = new RunningControlPlane(options, authority);
  const server = await createXdsServer({
    ...options.ads,
    typeOrders: options.adapters.map(({ adapter }) => adapter.typeOrder),
    tls: own,
    authorize: (peer, node) => running.authorizes(peer, node),
    viewOf: (node, typeUrl) => running.viewOf(node, typeUrl),
    ...(options.localSocket === undefined ? {} : { local: running.localSocket(options.localSocket) }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    onEvent: (event) => running.observe(event),
  });
  running.attach(server, identity, hosts);
  const admin = running.admin(server);
  const socket = stateDirectory === undefined ? undefined : await serveSocket(stateDirectory, admin);
  if (socket?.ok === false) {
    await running.close();
    throw new Error(`questions cannot be answered: ${socket.error}`);
  }
  return {
    ads: { address: options.ads.address, port: server.port, identity },
    start: () => running.start(),
    setPods: (pods) => running.setPods(pods),
    issue: (wanted) => running.issue(wanted),
    counters: () => server.counters(),
    refusals: () => running.refusals(),
    admin,
    close: async () => {
      if (socket?.ok) await socket.value.close();
      await running.close();
    },
  };
}

/** An address to listen on that nobody is reached by. */
function isEverywhere(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

class RunningControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #authority: Authority;
  readonly #compiler = createCompiler();
  readonly #loader: Loader;
  readonly #credentials: Credentials;
  readonly #publisher: Publisher;
  readonly #delivery: Delivery;
  #server: XdsServer | undefined;
  #watch: FileWatch | undefined;
  #load: Load | undefined;
  #pods: readonly PodObject[] | undefined;
  #model: MeshModel | undefined;
  /** What the compiler has changed since the model that is published. */
  #unpublished: ModelChanges = noChanges;
  #shares: readonly WantedShare[] | undefined;
  #errors: readonly LocatedDiagnostic[] = [];

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
      onFailed: (finding) => this.#delivery.report(finding),
    });
    this.#delivery = new Delivery({
      server: () => this.#server,
      artifactOf: (resource) => this.#publisher.artifactOf(resource),
      onEvent: options.onEvent,
    });
  }

  attach(server: XdsServer, identity: SpiffeId, hosts: readonly string[]): void {
    this.#server = server;
    this.#credentials.want(serverHolder, identity, hosts);
  }

  start(): void {
    const { paths, pollMillis } = this.#options;
    // Watched before they are read, so that no change falls in between.
    this.#watch = watchFiles({
      paths,
      ...(pollMillis === undefined ? {} : { intervalMillis: pollMillis }),
      onChange: (change) => this.#reload(change),
    });
    this.#reload({ noticedAt: Date.now() });
  }

  setPods(pods: readonly PodObject[]): void {
    if (this.#pods !== undefined && isDeepStrictEqual(pods, this.#pods)) return;
    this.#pods = pods;
    if (this.#load === undefined) return;
    const load = this.#load;
    const startedAt = Date.now();
    this.#guard(() => {
      const compilation = this.#compile(load);
      if (compilation.model !== this.#model) this.#publish(load, compilation, { cause: 'pods', startedAt });
    });
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

  localSocket(path: string): LocalSocket {
    return {
      path,
      authorize: (node) => this.#workload(node) !== undefined,
      viewOf: (node, typeUrl) => this.viewOf(node, typeUrl, true),
    };
  }

  viewOf(node: NodeInfo, typeUrl: string, local = false): View | undefined {
    return this.#guard(() => {
      const view = this.#publisher.viewOf(node, typeUrl, local);
      if (view !== undefined) this.#delivery.watch(view);
      return view;
    });
  }

  observe(event: XdsEvent): void {
    this.#options.onXdsEvent?.(event);
    this.#delivery.observe(event);
    if (event.kind === 'connected') {
      const workload = this.#workload(event.node);
      if (workload !== undefined) this.#credentials.want(workload.id, workload.identity);
    } else if (event.kind === 'disconnected') {
      if (this.#server?.isConnected(event.node) === true) return;
      this.#credentials.release(event.node);
      this.#publisher.release(event.node);
    }
  }

  refusals(): readonly ProxyRefusal[] {
    return this.#delivery.refusals.standing;
  }

  admin(server: XdsServer): AdminHandler {
    const source = liveSource({
      delivery: this.#delivery,
      server,
      planes: this.#options.adapters,
      workloads: () =>
        Object.values(this.#model?.workloads ?? {}).flatMap(({ id, transport }) => (transport === 'mtls' ? [id] : [])),
      faults: () => ({ refused: this.#load?.refused ?? [], errors: this.#errors }),
      look: async () => this.#watch?.look(),
    });
    return createAdminHandler(source);
  }

  async close(): Promise<void> {
    this.#watch?.stop();
    this.#delivery.stop();
    this.#credentials.stop();
    await this.#server?.close();
  }

  #workload(node: string) {
    const workloads = this.#model?.workloads;
    return workloads !== undefined && Object.hasOwn(workloads, node) ? workloads[node as WorkloadId] : undefined;
  }

  #reload(change: FileChange): void {
    const startedAt = Date.now();
    this.#guard(() => {
      const load = this.#loader.load();
      const compilation = this.#compile(load);
      this.#load = load;
      const { generation, changed, refused, input } = load;
      const { deployments, services } = input;
      const findings = located([...load.diagnostics, ...compilation.diagnostics], load.locate);
      this.#errors = findings.filter(({ severity }) => severity === 'error');
      this.#delivery.loaded(load);
      this.#options.onEvent({ type: 'loaded', generation, changed, refused, diagnostics: findings });
      this.#options.onEvent({ type: 'objects', generation, deployments, services });
      if (this.#pods !== undefined || this.#options.awaitPods !== true) {
        this.#publish(load, compilation, { cause: 'files', startedAt, ...change });
      }
    });
  }

  #compile({ input }: Load) {
    const running = this.#pods ?? [];
    const names = new Set(running.map(({ meta }) => meta.key));
    const pods = [...input.pods.filter(({ meta }) => !names.has(meta.key)), ...running];
    const compilation = this.#compiler.compile({ ...input, pods }, this.#options.compileOptions);
    this.#unpublished = bothChanges(this.#unpublished, compilation.changed);
    return compilation;
  }

  #publish(load: Load, { model }: Compilation, start: PublishStart): void {
    const compiledAt = Date.now();
    const changedUnits = model === this.#model ? undefined : this.#deliver(model);
    const { generation, changed } = load;
    this.#delivery.published({
      ...start,
      generation,
      compiledAt,
      changed: start.cause === 'files' ? changed.slice(0, maxChanged) : [],
    });
    if (changedUnits !== undefined) {
      const workloads = Object.keys(model.workloads).length;
      this.#options.onEvent({ type: 'published', generation, changedUnits, workloads });
    }
    const splits = wantedShares(model);
    if (isDeepStrictEqual(splits, this.#shares)) return;
    this.#shares = splits;
    this.#options.onEvent({ type: 'splits', splits });
  }

  #deliver(model: MeshModel): readonly string[] {
    const before = this.#model;
    this.#model = model;
    const changes = this.#unpublished;
    this.#unpublished = noChanges;
    const { changedUnits } = this.#publisher.publish(model, changes);
    for (const id of changes.workloads) {
      const had = before?.workloads[id]?.identity;
      if (had !== undefined && had !== model.workloads[id]?.identity) this.#server?.revoke(id);
    }
    return changedUnits;
  }

  /** A defect must not end a mesh that works: what was in force stays, and the defect is reported. */
  #guard<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#delivery.report(diagnostic('SMI6003', { message }));
      return undefined;
    }
  }
}
