import type { CompileOptions } from '../../compile/index.ts';
import { describeObject, objectKey } from '../../diagnostics/origin.ts';
import type { Authority } from '../../identity/authority.ts';
import { sidecarPorts, systemNames } from '../../kubernetes/names.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { type LeaseTimes, startLeaderElection } from '../../kubernetes-client/leader-election.ts';
import { isRecord } from '../../lib/values.ts';
import type { ApiOptions } from '../../metrics/api/answer.ts';
import type { LatencyUnit } from '../../metrics/api/contract.ts';
import type { PrometheusOptions } from '../../metrics/prometheus/client.ts';
import { type MetricDefinition, metrics } from '../../telemetry/catalogue.ts';
import { renderText } from '../../telemetry/exposition/text.ts';
import { MetricsRegistry } from '../../telemetry/registry.ts';
import type { Labels } from '../../telemetry/series.ts';
import type { AdminHandler } from '../admin/contract.ts';
import { answerHttp } from '../admin/http.ts';
import type { CreateMeshPages } from '../mesh-view.ts';
import { type ControlPlaneEvent, controlPlaneIdentity, type Plane, startPlane } from '../plane.ts';
import type { DataPlane } from '../publisher.ts';
import { BridgeState } from './bridge/bridge-state.ts';
import { bridgeTask } from './bridge/bridge-task.ts';
import type { BridgeTarget } from './bridge/contract.ts';
import { serveHealth } from './health.ts';
import { serveHttp } from './http-endpoint.ts';
import { type LeaderTask, runLeaderTasks } from './leader-task.ts';
import { type Log, Repeated } from './log.ts';
import { ownerObjects } from './owner-objects.ts';
import type { Peer } from './peers/ask-peer.ts';
import type { PeerServer } from './peers/peer-server.ts';
import { ReplicaProgress } from './peers/replica-progress.ts';
import { otherReplicas } from './peers/replicas.ts';
import { PlaneLog } from './plane-log.ts';
import { Profiles } from './profiles.ts';
import { ClusterSource, type StatedObjects } from './source.ts';
import { liveStatusTask } from './status/live-status.ts';

export interface ControllerOptions {
  readonly connection: StreamingConnection;
  readonly compileOptions: CompileOptions;
  readonly svidLifetimeSeconds: number;
  readonly dataPlanes: readonly DataPlane[];
  /** Where it runs, and the name of its pod. */
  readonly namespace: string;
  readonly instance: string;
  /** Private, for what survives this process. */
  readonly stateDirectory?: string;
  readonly listen: {
    readonly address: string;
    /** Port 0 takes a free one. */
    readonly ads: number;
    readonly health: number;
    /** On the loopback interface. */
    readonly admin: number;
    /** Questions of other replicas. */
    readonly peers: number;
    /** Host names and addresses by which proxies reach it. */
    readonly names: readonly string[];
  };
  /** Whether proxies are read only while somebody asks what they count. */
  readonly readsWhenAsked?: boolean;
  /** How TrafficMetrics say latencies; in seconds unless told otherwise. */
  readonly latencyUnit?: LatencyUnit;
  /** The Prometheus that is asked for traffic in place of the proxies. */
  readonly prometheus?: PrometheusOptions;
  /** Starts the other parts; called once the process can tell how it is. What rejects ends the controller. */
  readonly prepare: (context: PreparationContext) => Promise<ControllerParts>;
  /** Another mesh's API, in which the leader keeps what the objects mean. */
  readonly bridge?: BridgeTarget;
  /** Pages of the admin endpoint beside its own. */
  readonly pages?: CreateMeshPages;
  readonly onEvent?: (event: ControlPlaneEvent) => void;
  readonly log: Log;
  readonly leaseTimes?: Partial<LeaseTimes>;
  /** The other replicas that are ready; by the cluster's pods unless told otherwise. */
  readonly peers?: () => readonly Peer[];
}

export interface PreparationContext {
  /** Aborts when the controller stops. */
  readonly signal: AbortSignal;
  /** The cluster as it is; nothing before everything has been listed. */
  readonly view: () => StatedObjects | undefined;
  /** What answers questions about traffic; nothing before proxies are served. */
  readonly api: () => ApiOptions | undefined;
}

export interface ControllerParts {
  readonly authority: Authority;
  /** What the leader does. */
  readonly tasks: readonly LeaderTask[];
  /** What else has to be there before it is ready. */
  readonly missing: () => readonly string[];
  /** Prometheus text format. */
  readonly metrics: () => string;
  close(): Promise<void>;
}

export interface Controller {
  readonly ports: { readonly health: number; readonly admin: number };
  /** Where other replicas ask. */
  readonly peerPort: Promise<number>;
  /** Proxies are served. Rejects when ADS cannot be. */
  readonly serving: Promise<Plane>;
  /** Gives up leading, ends the streams, and resolves when nothing runs any more. */
  stop(): Promise<void>;
}

/**
 * One replica of the controller: follows the objects of the cluster, serves proxies, and does the leader's work as long as
 * it is elected. Rejects when a port cannot be bound.
 */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const running = new RunningController(options);
  return await running.start();
}

class RunningController {
  readonly #options: ControllerOptions;
  readonly #source: ClusterSource;
  readonly #metrics = new MetricsRegistry();
  readonly #repeated = new Repeated();
  readonly #log: Log;
  readonly #profiles = new Profiles();
  readonly #stopping = new AbortController();
  #preparing: Promise<ControllerParts> | undefined;
  #parts: ControllerParts | undefined;
  readonly #served = Promise.withResolvers<Plane>();
  readonly #progress: ReplicaProgress;
  #plane: Plane | undefined;
  #peers: PeerServer | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#log = options.log;
    const { connection, stateDirectory } = options;
    this.#source = new ClusterSource({
      connection,
      ...(stateDirectory === undefined ? {} : { stateDirectory }),
      onFault: (fault) => this.#failed(fault),
    });
    const { namespace, instance, peers = () => otherReplicas(this.#source.stated, namespace, instance) } = options;
    this.#progress = new ReplicaProgress({
      plane: this.#served.promise,
      subjects: this.#source.subjects,
      identity: controlPlaneIdentity(options.compileOptions.trustDomain),
      peers,
    });
  }

  async start(): Promise<Controller> {
    const { listen, namespace, instance, connection, leaseTimes } = this.#options;
    const missing = () => this.#missing();
    const health = await serveHealth(listen.address, listen.health, { missing, metrics: () => this.#renderMetrics() });
    const admin = await this.#serveAdmin(listen.admin);
    this.#log.info('listening', { health: health.port, admin: admin.port });
    const preparing = this.#prepare();
    this.#preparing = preparing;
    const election = startLeaderElection(connection, {
      namespace,
      name: systemNames.controller,
      identity: instance,
      onElected: (signal, fenced) => this.#lead(signal, fenced),
      onFault: (fault) => this.#failed(fault),
      ...(leaseTimes === undefined ? {} : { times: leaseTimes }),
    });
    this.#metrics.gauge(metrics.leader, () => (election.leads ? 1 : 0));
    const serving = this.#serve(preparing);
    serving.catch(() => undefined);
    this.#served.resolve(serving);
    return {
      serving,
      peerPort: serving.then(() => this.#peers?.port ?? 0),
      ports: { health: health.port, admin: admin.port },
      stop: async () => {
        this.#stopping.abort();
        await election.stop();
        this.#source.stop();
        await this.#peers?.close();
        await this.#plane?.close();
        await this.#preparing?.then((parts) => parts.close()).catch(() => undefined);
        await Promise.all([admin.close(), health.close()]);
      },
    };
  }

  async #prepare(): Promise<ControllerParts> {
    const view = () => this.#source.view;
    const parts = await this.#options.prepare({
      signal: this.#stopping.signal,
      view,
      api: () => this.#plane?.traffic?.api,
    });
    this.#parts = parts;
    return parts;
  }

  async #serve(preparing: Promise<ControllerParts>): Promise<Plane> {
    const { connection, compileOptions, svidLifetimeSeconds, dataPlanes, listen, onEvent, pages } = this.#options;
    const { latencyUnit, readsWhenAsked = false, prometheus, bridge } = this.#options;
    const startedAt = performance.now();
    const listed = this.#source.synced.then(() => {
      this.#log.info('every object has been listed', { seconds: seconds(startedAt) });
    });
    const [{ authority }] = await Promise.all([preparing, listed]);
    const told = new PlaneLog(this.#log);
    const plane = await startPlane({
      source: this.#source,
      authority,
      adapters: dataPlanes,
      compileOptions,
      svidLifetimeSeconds,
      ads: { address: listen.address, port: listen.ads, names: listen.names },
      onEvent: (event) => {
        told.tell(event);
        onEvent?.(event);
      },
      onXdsEvent: (event) => told.tellProxy(event),
      traffic: {
        port: sidecarPorts.metrics,
        nodeOf: (...pod) => nodeOf(this.#source.view, ...pod),
        others: ownerObjects(connection),
        ...(latencyUnit === undefined ? {} : { latencyUnit }),
        ...(readsWhenAsked ? { restsAfterMillis: 5 * 60_000 } : {}),
        ...(prometheus === undefined ? {} : { prometheus }),
        ...(bridge === undefined ? {} : { foreign: true }),
      },
      ...(pages === undefined ? {} : { pages }),
    });
    plane.start();
    this.#plane = plane;
    this.#peers = await this.#progress.serve(plane, listen.address, listen.peers);
    this.#log.info('proxies are served', { port: plane.ads.port, identity: plane.ads.identity });
    return plane;
  }

  async #lead(signal: AbortSignal, connection: StreamingConnection): Promise<void> {
    const { tasks } = await (this.#preparing ?? this.#prepare());
    this.#log.info('this replica leads');
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.all([
      ended,
      runLeaderTasks([...tasks, ...this.#writers()], connection, signal, {
        onFailure: ({ name }, error) => {
          const because = error instanceof Error ? error.message : String(error);
          this.#count(metrics.taskFailures, {
            task: name,
          });
          this.#log.error('work of the leader failed', { task: name, because });
        },
      }),
    ]);
    this.#log.info('this replica does not lead any more', { because: String(signal.reason?.message ?? signal.reason) });
  }

  /** Status, and where there is one, the bridge that it tells of. */
  #writers(): readonly LeaderTask[] {
    const { bridge: target } = this.#options;
    const plane = this.#served.promise;
    if (target === undefined) return [this.#status()];
    const state = new BridgeState();
    return [bridgeTask({ target, plane, state, log: this.#log }), this.#status(state)];
  }

  #status(bridge?: BridgeState): LeaderTask {
    return liveStatusTask({
      plane: this.#served.promise,
      ...(bridge === undefined ? {} : { bridge }),
      subjects: this.#source.subjects,
      progress: this.#progress.everywhere,
      instance: this.#options.instance,
      onRefused: (object, because) => {
        const message = `the status of ${describeObject(object)} cannot be written`;
        if (this.#repeated.isNews(`${message} ${because}`)) this.#log.warn(message, { because });
      },
    });
  }

  #serveAdmin(port: number) {
    const handler: AdminHandler = (request) =>
      this.#plane?.admin(request) ??
      Promise.resolve({
        status: 503,
        type: 'application/json',
        body: `${JSON.stringify({ error: `waiting for ${this.#missing().join(', ')}` })}\n`,
      });
    return serveHttp('127.0.0.1', port, (request, response) => {
      const { pathname, searchParams } = new URL(`http://admin${request.url ?? '/'}`);
      if (this.#profiles.answers(pathname)) {
        this.#profiles.answer(pathname, searchParams, response).catch((error: Error) => response.destroy(error));
      } else void answerHttp(handler, request, response);
    });
  }

  #missing(): readonly string[] {
    return [
      ...(this.#stopping.signal.aborted ? ['nothing: it stops'] : []),
      ...(this.#plane === undefined ? ['the objects of the cluster'] : []),
      ...(this.#parts?.missing() ?? ['its other parts']),
    ];
  }

  #renderMetrics(): string {
    const parts = [renderText(this.#metrics), this.#plane?.metrics() ?? '', this.#parts?.metrics() ?? ''];
    return parts.join('');
  }

  #failed({ diagnostic, status }: ClusterFault): void {
    this.#count(metrics.apiserverFaults, { status: status === undefined ? 'none' : String(status) });
    if (this.#repeated.isNews(diagnostic.message)) this.#log.warn(diagnostic.message, { code: diagnostic.code });
  }

  #count(definition: MetricDefinition, labels: Labels): void {
    this.#metrics.counter(definition, labels).value += 1;
  }
}

function nodeOf(view: StatedObjects | undefined, namespace: string, pod: string): string | undefined {
  const { spec } = view?.find(objectKey('', 'Pod', namespace, pod))?.object ?? {};
  return isRecord(spec) && typeof spec.nodeName === 'string' ? spec.nodeName : undefined;
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 10) / 100;
}
