import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { DataPlaneKind } from '../../kubernetes/names.ts';
import type { DeploymentObject, PodObject, ServiceObject } from '../../kubernetes/types.ts';
import type { NonEmpty } from '../../lib/collections.ts';
import { spiffeId } from '../../lib/spiffe.ts';
import type { ControlPlaneMessage, WantedShare } from '../messages.ts';
import { CallerGate } from './caller-gate.ts';
import type { EnvoyRuntime } from './data-plane.ts';
import type { LocalEvent } from './events.ts';
import { type GrpcBootstrap, grpcSocket, isUsableSocket } from './grpc-access.ts';
import { type Guard, startGuard } from './guard.ts';
import { ControlPlaneLink } from './link.ts';
import { fingerprintOf, LocalPod } from './local-pod.ts';
import { planPods } from './pods.ts';
import type { ProcessEvent } from './process.ts';
import { forgetEnvoys } from './sidecar-envoy.ts';
import { forgetProxies } from './sidecar-proxy.ts';
import type { LocalState } from './state.ts';

export interface LocalMeshOptions {
  /** Further arguments of the command `control-plane`. */
  readonly controlPlaneArguments?: readonly string[];
  /** The folder with the manifests; programs run in it. */
  readonly folder: string;
  readonly state: LocalState;
  /** The command that runs this program again: interpreter and script. */
  readonly self: NonEmpty<string>;
  readonly trustDomain: string;
  readonly grpcBootstrap: GrpcBootstrap;
  /** Of pods that name none; with `envoy` there must be one. */
  readonly dataPlane: DataPlaneKind;
  readonly envoy?: EnvoyRuntime;
  readonly onEvent: (event: LocalEvent) => void;
  /** Findings of the supervisor itself; those of the files arrive as events, with their place. */
  readonly onFinding: (finding: Diagnostic) => void;
}

/** From the news that a pod goes to its end: the others' sidecars hear of it first. */
const farewellMillis = 300;

/**
 * Owns every process of a local mesh: the control plane, and for each pod that it asks for a sidecar and its programs. Each
 * of them may die and come back without the others noticing more than its absence.
 */
export class LocalMesh {
  readonly #options: LocalMeshOptions;
  readonly #guard: Guard;
  readonly #link: ControlPlaneLink;
  readonly #gate: CallerGate;
  readonly #pods = new Map<string, LocalPod>();
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #startedAt = Date.now();
  #plan: readonly PodObject[] = [];
  #services: readonly ServiceObject[] = [];
  #shares: readonly WantedShare[] = [];
  #announcing = false;
  #wasReady = false;
  #stopping = false;
  #findings: readonly Diagnostic[] = [];

  constructor(options: LocalMeshOptions) {
    this.#options = options;
    this.#guard = startGuard();
    this.#gate = new CallerGate(
      () => [...this.#pods.values()],
      () => this.#advance(),
    );
    const { self, folder, state } = options;
    const socket = grpcSocket(state.directory);
    const args = [
      ...['control-plane', folder, '--state', state.directory, '--ads', `127.${state.base}.255.253:15010`],
      ...(isUsableSocket(socket) ? ['--grpc-socket', socket] : []),
      ...(options.controlPlaneArguments ?? []),
    ];
    this.#link = new ControlPlaneLink({
      command: [...self, ...args],
      // Not in the folder: files are shown as the user named it.
      cwd: process.cwd(),
      guard: this.#guard,
      listener: {
        line: (line) => this.#emit({ type: 'log', pod: '', part: 'control-plane', line }),
        event: (event) => this.#emitProcess('', 'control-plane', event),
        turned: () => undefined,
      },
      onMessage: (message) => this.#receive(message),
    });
  }

  start(): void {
    const { folder, state } = this.#options;
    this.#emit({ type: 'starting', folder, state: state.directory, addresses: `127.${state.base}.0.0/16` });
    forgetProxies(state.directory);
    forgetEnvoys(state.directory);
    this.#link.start();
    this.#gate.start();
  }

  /** The pods as they are planned now, with their addresses and readiness. */
  get pods(): readonly PodObject[] {
    return this.#plan.map((pod) => ({ ...pod, ready: this.#pods.get(nameOf(pod))?.ready ?? false }));
  }

  get shares(): readonly WantedShare[] {
    return this.#shares;
  }

  get envoy(): EnvoyRuntime | undefined {
    return this.#options.envoy;
  }

  /** What cannot run as it is written now. */
  get findings(): readonly Diagnostic[] {
    return this.#findings;
  }

  /** Stops every process: those that only call others first, the control plane last. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#gate.stop();
    const pods = [...this.#pods.values()];
    await Promise.all(pods.filter(({ serves }) => !serves).map((pod) => pod.stop()));
    await Promise.all(pods.filter(({ serves }) => serves).map((pod) => pod.stop()));
    await Promise.all(this.#leaving.values());
    await this.#link.stop();
    await this.#guard.close();
    this.#emit({ type: 'stopped' });
  }

  #receive(message: ControlPlaneMessage): void {
    if (this.#stopping) return;
    switch (message.type) {
      case 'objects':
        this.#reconcile(message.deployments, message.services);
        return;
      case 'loaded': {
        const errors = message.diagnostics.filter(({ severity }) => severity === 'error').length;
        for (const found of message.diagnostics) this.#emit({ type: 'diagnostic', diagnostic: found });
        const { generation, changed, refused } = message;
        this.#emit({ type: 'reload', generation, changed, refused, errors });
        return;
      }
      case 'finding':
        this.#emit({ type: 'diagnostic', diagnostic: message.diagnostic });
        return;
      case 'published':
      case 'nack':
      case 'recovered':
        this.#emit(message);
        return;
      case 'splits':
        this.#shares = message.splits;
    }
  }

  #reconcile(deployments: readonly DeploymentObject[], services: readonly ServiceObject[]): void {
    const { state, dataPlane, envoy } = this.#options;
    const choice = { usual: dataPlane, hasEnvoy: envoy !== undefined };
    const plan = planPods(this.#plan, deployments, services, state.base, choice);
    this.#plan = plan.pods;
    this.#services = services;
    this.#reportOnce(plan.diagnostics);
    const wanted = new Map(plan.pods.map((pod) => [nameOf(pod), pod]));
    for (const [name, running] of this.#pods) {
      const pod = wanted.get(name);
      if (pod === undefined || fingerprintOf(pod) !== running.fingerprint) this.#remove(name, running);
    }
    for (const [name, pod] of wanted) if (!this.#pods.has(name)) this.#add(name, pod);
    this.#announce();
    this.#advance();
  }

  /** The same findings come with every load; they are told when they change. */
  #reportOnce(findings: readonly Diagnostic[]): void {
    const known = JSON.stringify(this.#findings);
    this.#findings = findings;
    if (JSON.stringify(findings) === known) return;
    for (const finding of findings) this.#options.onFinding(finding);
  }

  #add(name: string, pod: PodObject): void {
    const local = new LocalPod({
      pod,
      services: this.#services,
      self: this.#options.self,
      folder: resolve(this.#options.folder),
      directory: this.#options.state.directory,
      ...(this.#options.envoy === undefined ? {} : { envoy: this.#options.envoy }),
      guard: this.#guard,
      grpcBootstrap: this.#options.grpcBootstrap,
      enrol: ({ meta, spec }) => this.#enrol(meta.namespace, spec.serviceAccountName),
      listener: {
        line: (part, line) => this.#emit({ type: 'log', pod: name, part, line }),
        event: (part, event) => this.#emitProcess(name, part, event),
        turned: () => this.#turned(name),
      },
    });
    this.#pods.set(name, local);
    // A pod that is replaced gives up its address and ports first.
    const before = this.#leaving.get(name) ?? Promise.resolve();
    void before.then(() => {
      if (this.#pods.get(name) !== local || this.#stopping) return;
      local.start();
      this.#advance();
    });
  }

  #remove(name: string, local: LocalPod): void {
    this.#pods.delete(name);
    const before = this.#leaving.get(name) ?? Promise.resolve();
    const stopped = pause(local.serves ? farewellMillis : 0).then(() => local.stop());
    const gone = Promise.all([before, stopped]).then(() => {
      if (this.#leaving.get(name) === gone) this.#leaving.delete(name);
      if (!this.#pods.has(name)) this.#emit({ type: 'pod', pod: name, state: 'removed' });
    });
    this.#leaving.set(name, gone);
  }

  async #enrol(namespace: string, account: string) {
    return this.#link.enrol(spiffeId(this.#options.trustDomain, namespace, account));
  }

  #turned(name: string): void {
    if (this.#stopping) return;
    this.#announce();
    const local = this.#pods.get(name);
    if (local?.turned()) {
      this.#emit({ type: 'pod', pod: name, state: local.ready ? 'ready' : 'not-ready', address: local.address });
    }
    this.#advance();
  }

  /** Tells the control plane which pods there are; several changes of one moment are told together. */
  #announce(): void {
    if (this.#announcing) return;
    this.#announcing = true;
    setImmediate(() => {
      this.#announcing = false;
      if (!this.#stopping) this.#link.send({ type: 'pods', pods: this.pods });
    });
  }

  /** Programs start once their sidecar is ready; those that only call others, after those that serve. */
  #advance(): void {
    if (this.#stopping) return;
    const pods = [...this.#pods.values()];
    for (const pod of pods) {
      if (pod.sidecarReady && (pod.serves || this.#gate.open)) pod.startPrograms();
    }
    this.#gate.consider();
    if (!this.#wasReady && pods.length > 0 && pods.every(({ ready }) => ready)) {
      this.#wasReady = true;
      this.#emit({ type: 'ready', pods: pods.length, afterMillis: Date.now() - this.#startedAt });
    }
  }

  #emitProcess(pod: string, part: string, event: ProcessEvent): void {
    const { kind: state, ...details } = event;
    this.#emit({ type: 'process', pod, part, state, ...details });
  }

  #emit(event: LocalEvent): void {
    this.#options.onEvent(event);
  }
}

function nameOf({ meta }: PodObject): string {
  return `${meta.namespace}/${meta.name}`;
}
