import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Svid } from '../../identity/authority.ts';
import { localAdminPort } from '../../kubernetes/local-addressing.ts';
import type { PodObject } from '../../kubernetes/types.ts';
import type { NonEmpty } from '../../lib/collections.ts';
import type { ProxyBootstrap } from '../../proxy/bootstrap.ts';
import type { AdsAddress } from '../messages.ts';
import type { Guard } from './guard.ts';
import { ask } from './metrics-scrape.ts';
import { ManagedProcess } from './process.ts';
import type { PartListener } from './program.ts';

/** What a sidecar needs from the control plane before it can start. */
export interface Enrolment {
  readonly ads: AdsAddress;
  readonly svid: Svid;
}

export interface SidecarOptions {
  readonly pod: PodObject;
  /** The command that runs this program again: interpreter and script. */
  readonly self: NonEmpty<string>;
  readonly directory: string;
  readonly guard: Guard;
  readonly listener: PartListener;
  /** Obtains an SVID for the pod's account; rejects when the control plane does not answer. */
  readonly enrol: () => Promise<Enrolment>;
}

/** What is read here of a sidecar's `/config`. */
interface AdminConfig {
  readonly resources: readonly {
    readonly endpoints?: readonly { readonly workload: string; readonly ready: boolean }[];
  }[];
}

const graceMillis = 8_000;
const drainMillis = 4_000;
const askAgainMillis = 100;
const stateSuffix = '.proxy.json';

/** The proxy beside one pod's programs. */
export class Sidecar {
  readonly #options: SidecarOptions;
  readonly #process: ManagedProcess;
  #enrolment: Enrolment | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ready = false;
  #running = false;

  constructor(options: SidecarOptions) {
    this.#options = options;
    const { guard, listener } = options;
    this.#process = new ManagedProcess({
      guard,
      graceMillis,
      launch: () => this.#launch(),
      onLine: (text) => listener.line(text),
      onEvent: (event) => {
        this.#running = event.kind === 'started';
        if (this.#running) this.#await();
        else this.#turn(false);
        listener.event(event);
      },
    });
  }

  /** Whether its configuration is in force. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Whether its configuration lists none of these workloads as not ready. */
  async knowsReady(workloads: ReadonlySet<string>): Promise<boolean> {
    const text = await ask(this.#options.pod.ips[0] ?? '', '/config');
    if (text === undefined) return false;
    const { resources } = JSON.parse(text) as AdminConfig;
    const endpoints = resources.flatMap((resource) => resource.endpoints ?? []);
    return endpoints.every(({ workload, ready }) => ready || !workloads.has(workload));
  }

  start(): void {
    this.#process.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#process.stop();
  }

  async #launch() {
    const { self, directory, pod } = this.#options;
    const bootstrap = this.#bootstrap(await this.#enrol());
    return {
      command: [...self, 'proxy', '--bootstrap-fd', '3'] as unknown as NonEmpty<string>,
      cwd: directory,
      env: proxyEnvironment(pod),
      secret: JSON.stringify(bootstrap),
    };
  }

  /** While the control plane is away, a sidecar that died comes back with the identity that it had. */
  async #enrol(): Promise<Enrolment> {
    try {
      this.#enrolment = await this.#options.enrol();
    } catch (cause) {
      if (this.#enrolment === undefined) throw cause;
    }
    return this.#enrolment;
  }

  #bootstrap({ ads, svid }: Enrolment): ProxyBootstrap {
    const { namespace, name } = this.#options.pod.meta;
    return {
      node: `${namespace}/${name}`,
      admin: { address: this.#options.pod.ips[0] ?? '', port: localAdminPort },
      secret: svid,
      ads: { address: ads.address, port: ads.port, serverIdentity: ads.identity },
      stateFile: join(this.#options.directory, `${namespace}.${name}${stateSuffix}`),
      drainMillis,
    };
  }

  #await(): void {
    clearTimeout(this.#timer);
    void ask(this.#options.pod.ips[0] ?? '', '/ready').then((answer) => {
      if (!this.#running) return;
      if (answer !== undefined) this.#turn(true);
      else this.#timer = setTimeout(() => this.#await(), askAgainMillis);
    });
  }

  #turn(ready: boolean): void {
    if (ready === this.#ready) return;
    this.#ready = ready;
    this.#options.listener.turned();
  }
}

/** A proxy takes nothing from the environment but where to find programs and temporary files. */
function proxyEnvironment(pod: PodObject): Readonly<Record<string, string>> {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  return { PATH, HOME, ...(TMPDIR === '' ? {} : { TMPDIR }), POD_NAME: pod.meta.name };
}

/**
 * Removes what sidecars of an earlier run kept: it is good for one that comes back during a run, and says nothing of the
 * addresses of the next.
 */
export function forgetSidecars(directory: string): void {
  for (const file of readdirSync(directory)) {
    if (file.endsWith(stateSuffix)) rmSync(join(directory, file), { force: true });
  }
}
