import { delimiter, dirname } from 'node:path';
import { parseLocalOutbound, parseLocalPorts } from '../../kubernetes/local-addressing.ts';
import type { ContainerObject, ContainerPortObject, PodObject, ServiceObject } from '../../kubernetes/types.ts';
import { portKey } from '../../model/ports.ts';
import { buildEnvironment } from './environment.ts';
import type { GrpcAccess } from './grpc-access.ts';
import type { Guard } from './guard.ts';
import { planProbe, runProbe } from './probe.ts';
import { type Launch, ManagedProcess, type ProcessEvent } from './process.ts';

/** What a part of a pod (a program, the sidecar) tells its pod. */
export interface PartListener {
  line(text: string): void;
  event(event: ProcessEvent): void;
  /** Readiness turned. */
  turned(): void;
}

export interface ProgramOptions {
  readonly pod: PodObject;
  readonly container: ContainerObject;
  readonly services: readonly ServiceObject[];
  readonly cwd: string;
  readonly guard: Guard;
  readonly listener: PartListener;
  /** What its gRPC clients need; absent where they have no business with the control plane. */
  readonly grpc?: GrpcAccess;
}

const graceMillis = 5_000;

/** One container's command, run as a process beside its sidecar and watched by its readiness probe. */
export class Program {
  readonly #options: ProgramOptions;
  readonly #process: ManagedProcess;
  #probe: { stop(): void } | undefined;
  #ready = false;

  constructor(options: ProgramOptions) {
    this.#options = options;
    const { listener, guard } = options;
    this.#process = new ManagedProcess({
      guard,
      graceMillis,
      launch: () => this.#launch(),
      onLine: (text) => listener.line(text),
      onEvent: (event) => {
        if (event.kind === 'started') this.#watch();
        else this.#unwatch();
        listener.event(event);
      },
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  start(): void {
    this.#process.start();
  }

  async stop(): Promise<void> {
    this.#unwatch();
    await this.#process.stop();
  }

  async #launch(): Promise<Launch> {
    const { container, cwd, grpc } = this.#options;
    await grpc?.prepare();
    const [program = '', ...args] = [...container.command, ...container.args];
    return { command: [program, ...args], cwd, env: this.#environment() };
  }

  #environment(): Readonly<Record<string, string>> {
    const { pod, container, services, grpc } = this.#options;
    return {
      ...inheritedEnvironment(),
      ...buildEnvironment({
        namespace: pod.meta.namespace,
        pod: pod.meta.name,
        address: pod.ips[0] ?? '',
        annotations: pod.meta.annotations,
        container,
        services,
        outbound: parseLocalOutbound(pod) ?? [],
        ...(grpc === undefined ? {} : { grpcBootstrap: grpc.path }),
        ...appPortOf(pod, container.ports[0]),
      }),
    };
  }

  #watch(): void {
    const { pod, container, cwd } = this.#options;
    const plan = planProbe({
      container,
      address: pod.ips[0] ?? '',
      appPort: (port) => appPortOf(pod, { containerPort: port, protocol: 'TCP' }).appPort,
      env: this.#environment(),
      cwd,
    });
    this.#probe = runProbe(plan, (ready) => this.#turn(ready));
  }

  #unwatch(): void {
    this.#probe?.stop();
    this.#probe = undefined;
    this.#turn(false);
  }

  #turn(ready: boolean): void {
    if (ready === this.#ready) return;
    this.#ready = ready;
    this.#options.listener.turned();
  }
}

function appPortOf(pod: PodObject, port: ContainerPortObject | undefined): { readonly appPort?: number } {
  if (port === undefined) return {};
  const appPort = parseLocalPorts(pod)?.get(portKey(port.containerPort, port.protocol === 'UDP' ? 'udp' : 'tcp'))?.app;
  return appPort === undefined ? {} : { appPort };
}

/** The user's own environment, with this Node first on the path: `node` in a command is found and is recent enough. */
function inheritedEnvironment(): Readonly<Record<string, string>> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(own), PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter) };
}
