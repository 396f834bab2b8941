import { hasSidecar, localOutboundAnnotation, localPortsAnnotation } from '../../kubernetes/local-addressing.ts';
import { selects } from '../../kubernetes/pods.ts';
import type { PodObject, ServiceObject } from '../../kubernetes/types.ts';
import type { NonEmpty } from '../../lib/collections.ts';
import { dataPlaneOf, type EnvoyRuntime } from './data-plane.ts';
import { GrpcAccess, type GrpcBootstrap, wantsGrpc } from './grpc-access.ts';
import type { Guard } from './guard.ts';
import type { ProcessEvent } from './process.ts';
import { type PartListener, Program } from './program.ts';
import { type Enrolment, Sidecar, type SidecarKind } from './sidecar.ts';
import { envoySidecar } from './sidecar-envoy.ts';
import { proxySidecar } from './sidecar-proxy.ts';

export interface PodListener {
  line(part: string, text: string): void;
  event(part: string, event: ProcessEvent): void;
  /** The readiness of the pod or of its sidecar may have turned. */
  turned(): void;
}

export interface LocalPodOptions {
  readonly pod: PodObject;
  readonly services: readonly ServiceObject[];
  readonly self: NonEmpty<string>;
  /** Where the programs run. */
  readonly folder: string;
  /** Where sidecars keep what they must remember. */
  readonly directory: string;
  /** For pods whose data plane it is. */
  readonly envoy?: EnvoyRuntime;
  readonly guard: Guard;
  readonly enrol: (pod: PodObject) => Promise<Enrolment>;
  readonly grpcBootstrap: GrpcBootstrap;
  readonly listener: PodListener;
}

/** One pod as processes: its sidecar, and beside it the command of every container. */
export class LocalPod {
  readonly fingerprint: string;
  /** Whether a Service selects it; others call Services only. */
  readonly serves: boolean;
  readonly #options: LocalPodOptions;
  readonly #sidecar: Sidecar | undefined;
  readonly #grpc: GrpcAccess | undefined;
  readonly #programs: readonly Program[];
  #programsStarted = false;
  #wasReady = false;

  constructor(options: LocalPodOptions) {
    const { pod, services, folder, guard, enrol } = options;
    this.#options = options;
    this.fingerprint = fingerprintOf(pod);
    this.serves = services.some((service) => selects(service, pod));
    this.#sidecar = hasSidecar(pod)
      ? new Sidecar({
          kind: kindOf(options),
          address: this.address,
          guard,
          listener: this.#part('sidecar'),
          enrol: () => enrol(pod),
        })
      : undefined;
    this.#grpc = wantsGrpc(pod)
      ? new GrpcAccess({ ...options, bootstrap: options.grpcBootstrap, enrol: () => enrol(pod) })
      : undefined;
    const grpc = this.#grpc === undefined ? {} : { grpc: this.#grpc };
    this.#programs = pod.spec.containers.map(
      (container) =>
        new Program({ pod, container, services, cwd: folder, guard, listener: this.#part(container.name), ...grpc }),
    );
  }

  /** `NAMESPACE/POD`. */
  get id(): string {
    const { namespace, name } = this.#options.pod.meta;
    return `${namespace}/${name}`;
  }

  get address(): string {
    return this.#options.pod.ips[0] ?? '';
  }

  get ready(): boolean {
    return this.sidecarReady && this.#programs.every((program) => program.ready);
  }

  /** Whether readiness is another than when this was last asked; a pod begins not ready. */
  turned(): boolean {
    const before = this.#wasReady;
    this.#wasReady = this.ready;
    return this.#wasReady !== before;
  }

  get sidecarReady(): boolean {
    return this.#sidecar === undefined || this.#sidecar.ready;
  }

  /** Whether its sidecar has heard that all these workloads are ready; without a sidecar there is nothing to hear. */
  async knowsReady(workloads: ReadonlySet<string>): Promise<boolean> {
    return this.#sidecar === undefined || this.#sidecar.knowsReady(workloads);
  }

  /** Starts the sidecar alone. */
  start(): void {
    this.#sidecar?.start();
  }

  /** Starts the programs, unless they have been started. */
  startPrograms(): void {
    if (this.#programsStarted) return;
    this.#programsStarted = true;
    for (const program of this.#programs) program.start();
  }

  /** Programs first, so that what they still send and answer passes through their sidecar. */
  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    this.#grpc?.stop();
    await this.#sidecar?.stop();
  }

  #part(name: string): PartListener {
    const { listener } = this.#options;
    return {
      line: (text) => listener.line(name, text),
      event: (event) => listener.event(name, event),
      turned: () => listener.turned(),
    };
  }
}

function kindOf({ pod, self, directory, envoy, listener }: LocalPodOptions): SidecarKind {
  return dataPlaneOf(pod) === 'envoy' && envoy !== undefined
    ? envoySidecar(pod, envoy, directory, (line) => listener.line('sidecar', line))
    : proxySidecar(pod, self, directory);
}

/**
 * Equal for two versions of a pod that run in the same way. Labels, and which Services exist, reach the sidecars as
 * configuration and need no restart; as in Kubernetes, a program sees new Services in its environment when it next starts.
 */
export function fingerprintOf({ meta, spec, ips }: PodObject): string {
  const annotations = Object.entries(meta.annotations)
    .filter(([name]) => name !== localPortsAnnotation && name !== localOutboundAnnotation)
    .sort();
  return JSON.stringify([meta.namespace, meta.name, spec, ips, annotations]);
}
