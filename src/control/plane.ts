import { isDeepStrictEqual } from 'node:util';
import { type Compilation, type CompileOptions, createCompiler } from '../compile/index.ts';
import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import type { Authority, Svid } from '../identity/authority.ts';
import { parseSpiffeId, type SpiffeId, spiffeId } from '../lib/spiffe.ts';
import { isRecord } from '../lib/values.ts';
import { bothChanges, type ModelChanges, noChanges } from '../model/changes.ts';
import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { NodeInfo, XdsEvent, XdsLimits } from '../xds/contract.ts';
import type { LocalSocket } from '../xds/local-socket.ts';
import { createXdsServer, type XdsCounters, type XdsServer } from '../xds/server.ts';
import type { View } from '../xds/view.ts';
import type { AdminHandler } from './admin/contract.ts';
import { createAdminHandler } from './admin/handler.ts';
import { liveSource } from './admin/live-source.ts';
import { tapTargets } from './admin/tap-targets.ts';
import { Credentials } from './credentials.ts';
import { Delivery } from './delivery.ts';
import { located } from './located.ts';
import { type CreateMeshPages, changedObjects, type MeshChange, type MeshPages } from './mesh-view.ts';
import type { AdsAddress, ControlPlaneMessage, LocatedDiagnostic, WantedShare } from './messages.ts';
import type { ObjectSource, SourceChange, SourceLoad } from './object-source.ts';
import { type DataPlane, Publisher } from './publisher.ts';
import type { ProxyRefusal } from './refusals/refusal.ts';
import { Watchers } from './rollouts/watchers.ts';
import { wantedShares } from './shares.ts';
import { measureTraffic, type Traffic, type TrafficOptions } from './traffic.ts';

export type ControlPlaneEvent = Extract<
  ControlPlaneMessage,
  { readonly type: 'objects' | 'loaded' | 'published' | 'finding' | 'nack' | 'recovered' | 'splits' }
>;

export interface PlaneOptions {
  readonly source: ObjectSource;
  readonly authority: Authority;
  readonly adapters: readonly DataPlane[];
  readonly compileOptions: CompileOptions;
  /** Port 0 takes a free one. */
  readonly ads: {
    readonly address: string;
    readonly port: number;
    /** Host names and addresses under which clients reach it, beside `address`: some know a server by these only. */
    readonly names?: readonly string[];
  };
  /** Path of a Unix socket for clients that cannot prove who they are, in a folder that only their user can enter. */
  readonly localSocket?: string;
  readonly svidLifetimeSeconds?: number;
  readonly limits?: Partial<XdsLimits>;
  /** Absent: nobody reads what proxies count. */
  readonly traffic?: TrafficOptions;
  /** Pages of the admin handler beside its own. */
  readonly pages?: CreateMeshPages;
  readonly onEvent: (event: ControlPlaneEvent) => void;
  /** What the ADS server does; for tests and metrics. */
  readonly onXdsEvent?: (event: XdsEvent) => void;
}

export interface Plane {
  readonly ads: AdsAddress;
  /** Publishes the first time; to be called once the caller listens to events. */
  start(): void;
  /** A fresh SVID; rejects for an identity of another trust domain. */
  issue(identity: string): Promise<Svid>;
  counters(): XdsCounters;
  /** What proxies refuse now. */
  refusals(): readonly ProxyRefusal[];
  /** What is wrong with the objects as they were loaded last. */
  findings(): readonly LocatedDiagnostic[];
  /** Objects with an error, whether or not a last good version is in force. */
  refused(): readonly ObjectKey[];
  /** The `metadata.generation` of an object that every connected proxy has; nothing while one lacks it. */
  landed(object: ObjectKey): number | undefined;
  model(): MeshModel | undefined;
  /** What the server presents, and the roots of now. */
  svid(): Svid;
  /** Tells of loads, of what proxies have taken or refused, and of a new SVID, until the returned function is called. */
  watch(watcher: () => void): () => void;
  /** Prometheus text format. */
  metrics(): string;
  readonly traffic: Traffic | undefined;
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

/** Objects to proxies: loads, compiles, emits, publishes. Rejects when the address cannot be bound. */
export async function startPlane(options: PlaneOptions): Promise<Plane> {
  const { authority } = options;
  const identity = controlPlaneIdentity(options.compileOptions.trustDomain);
  const lifetimeSeconds = options.svidLifetimeSeconds ?? defaultLifetimeSeconds;
  const hosts = [...new Set([options.ads.address, ...(options.ads.names ?? [])])].filter((host) => !isEverywhere(host));
  const own = await authority.issue(identity, { lifetimeSeconds, hosts });
  const running = new RunningPlane(options, own);
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
  return {
    ads: { address: options.ads.address, port: server.port, identity },
    start: () => running.start(),
    issue: (wanted) => running.issue(wanted),
    counters: () => server.counters(),
    refusals: () => running.refusals(),
    findings: () => running.findings,
    refused: () => running.refused,
    landed: (object) => running.landed(object),
    model: () => running.model,
    svid: () => running.svid,
    watch: (watcher) => running.watch(watcher),
    metrics: () => running.metrics(),
    traffic: running.traffic,
    admin: running.admin(server),
    close: () => running.close(),
  };
}

/** An address to listen on that nobody is reached by. */
function isEverywhere(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

class RunningPlane {
  readonly #options: PlaneOptions;
  readonly #compiler = createCompiler();
  readonly #credentials: Credentials;
  readonly #publisher: Publisher;
  readonly #delivery: Delivery;
  #server: XdsServer | undefined;
  #load: SourceLoad | undefined;
  #model: MeshModel | undefined;
  /** What the compiler has changed since the model that is published. */
  #unpublished: ModelChanges = noChanges;
  #shares: readonly WantedShare[] | undefined;
  readonly #watchers = new Watchers();
  readonly traffic: Traffic | undefined;
  #pages: MeshPages | undefined;
  /** Of loads, what the pages have not been told yet: the first ones may wait for pods before they are published. */
  #untold: readonly Omit<MeshChange, 'before' | 'after'>[] = [];
  findings: readonly LocatedDiagnostic[] = [];
  svid: Svid;

  constructor(options: PlaneOptions, svid: Svid) {
    this.#options = options;
    this.svid = svid;
    this.#publisher = new Publisher(options.adapters);
    this.#credentials = new Credentials({
      authority: options.authority,
      lifetimeSeconds: options.svidLifetimeSeconds ?? defaultLifetimeSeconds,
      onIssued: (holder, identity, svid) => {
        if (holder === serverHolder) this.#renewed(svid);
        else this.#publisher.setSecret(holder, identity, svid);
      },
      onFailed: (finding) => this.#delivery.report(finding),
    });
    this.#delivery = new Delivery({
      server: () => this.#server,
      artifactOf: (resource) => this.#publisher.artifactOf(resource),
      onEvent: (event) => {
        options.onEvent(event);
        this.#watchers.changed();
      },
    });
    this.#delivery.rollouts.watch(() => this.#watchers.changed());
    const mesh = { model: () => this.#model, documents: () => this.#load?.documents.values() ?? [] };
    this.traffic = options.traffic && measureTraffic(mesh, options.traffic);
  }

  attach(server: XdsServer, identity: SpiffeId, hosts: readonly string[]): void {
    this.#server = server;
    this.#credentials.want(serverHolder, identity, hosts);
  }

  start(): void {
    this.#options.source.start((change) => this.#reload(change));
  }

  async issue(identity: string): Promise<Svid> {
    if (parseSpiffeId(identity) === undefined) throw new Error(`${JSON.stringify(identity)} is not a SPIFFE id`);
    const lifetimeSeconds = this.#options.svidLifetimeSeconds ?? defaultLifetimeSeconds;
    return await this.#options.authority.issue(identity as SpiffeId, { lifetimeSeconds });
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

  viewOf(node: NodeInfo, typeUrl: string, local = false): View | 'defect' | undefined {
    const made = this.#guard(() => {
      const view = this.#publisher.viewOf(node, typeUrl, local);
      if (view !== undefined) this.#delivery.watch(view);
      return { view };
    });
    return made === undefined ? 'defect' : made.view;
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

  get refused(): readonly ObjectKey[] {
    return this.#load?.refused ?? [];
  }

  get model(): MeshModel | undefined {
    return this.#model;
  }

  landed(object: ObjectKey): number | undefined {
    const { objects, rollouts } = this.#delivery;
    const changed = objects.lastChange(object);
    const rollout = rollouts.rollouts.find(({ generation }) => generation >= changed);
    if (rollout === undefined || rollouts.missing(rollout.id).length > 0) return undefined;
    const { metadata } = this.#load?.documents.get(object)?.object ?? {};
    return isRecord(metadata) && typeof metadata.generation === 'number' ? metadata.generation : undefined;
  }

  watch(watcher: () => void): () => void {
    return this.#watchers.add(watcher);
  }

  metrics(): string {
    return this.#delivery.metrics.render();
  }

  admin(server: XdsServer): AdminHandler {
    const source = liveSource({
      delivery: this.#delivery,
      server,
      planes: this.#options.adapters,
      workloads: () =>
        Object.values(this.#model?.workloads ?? {}).flatMap(({ id, transport }) => (transport === 'mtls' ? [id] : [])),
      faults: () => ({
        refused: this.#load?.refused ?? [],
        errors: this.findings.filter(({ severity }) => severity === 'error'),
      }),
      tapTargets: () => (this.#model === undefined ? [] : tapTargets(this.#model)),
      locate: (origin) => this.#load?.locate(origin),
      look: (signal) => this.#options.source.look(signal),
    });
    const pages = this.#options.pages?.({
      model: () => this.#model,
      load: () => this.#load,
      findings: () => this.findings,
      refusals: () => this.refusals(),
      rollouts: () => this.#delivery.rollouts.rollouts,
      ask: (request) => handler(request),
      watch: (watcher) => this.watch(watcher),
    });
    this.#pages = pages;
    const handler = createAdminHandler(source, {
      ...this.traffic?.pages,
      ...(pages === undefined ? {} : { api: pages.answer }),
    });
    return handler;
  }

  async close(): Promise<void> {
    this.#options.source.stop();
    this.traffic?.close();
    this.#watchers.clear();
    this.#delivery.stop();
    this.#credentials.stop();
    await this.#server?.close();
  }

  #workload(node: string) {
    const workloads = this.#model?.workloads;
    return workloads !== undefined && Object.hasOwn(workloads, node) ? workloads[node as WorkloadId] : undefined;
  }

  #reload(change: SourceChange): void {
    const startedAt = Date.now();
    this.#guard(() => {
      const load = this.#options.source.load(change);
      const compilation = load.compile(this.#compiler, this.#options.compileOptions);
      this.#unpublished = bothChanges(this.#unpublished, compilation.changed);
      if (change.cause !== 'pods') {
        this.#report(load, compilation);
        this.#keepChange(load, change);
      }
      if (load.incomplete === true) return;
      const written = change.cause === 'files' || (change.cause === 'cluster' && load.changed.length > 0);
      if (written || compilation.model !== this.#model) this.#publish(load, compilation, { ...change, startedAt });
    });
  }

  #report(load: SourceLoad, { diagnostics }: Compilation): void {
    this.#load = load;
    const { generation, changed, refused, programs } = load;
    this.findings = located([...load.diagnostics, ...diagnostics], load.locate);
    this.#delivery.loaded(load);
    this.#options.onEvent({ type: 'loaded', generation, changed, refused, diagnostics: this.findings });
    this.#watchers.changed();
    if (programs !== undefined) this.#options.onEvent({ type: 'objects', generation, ...programs });
  }

  #keepChange(load: SourceLoad, change: SourceChange): void {
    const { generation, changed } = load;
    if (this.#pages === undefined || changed.length === 0) return;
    this.#untold = [...this.#untold, { ...change, at: Date.now(), generation, objects: changedObjects(load) }];
  }

  #publish(load: SourceLoad, { model }: Compilation, start: SourceChange & { readonly startedAt: number }): void {
    const compiledAt = Date.now();
    const before = this.#model;
    const changedUnits = model === this.#model ? undefined : this.#deliver(model);
    const { generation, changed } = load;
    this.#delivery.published({
      ...start,
      generation,
      compiledAt,
      changed: start.cause === 'pods' ? [] : changed.slice(0, maxChanged),
    });
    const was = before === undefined ? {} : { before };
    for (const change of this.#untold) this.#pages?.changed({ ...change, ...was, after: model });
    this.#untold = [];
    if (changedUnits !== undefined) {
      const workloads = Object.keys(model.workloads).length;
      this.#options.onEvent({ type: 'published', generation, changedUnits, workloads });
    }
    if (load.programs !== undefined) this.#tellShares(model);
  }

  #tellShares(model: MeshModel): void {
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

  #renewed(svid: Svid): void {
    this.svid = svid;
    this.#server?.rotate(svid);
    this.#watchers.changed();
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
