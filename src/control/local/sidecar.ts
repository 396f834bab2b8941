import { X509Certificate } from 'node:crypto';
import type { Svid } from '../../identity/authority.ts';
import type { AdsAddress } from '../messages.ts';
import type { Guard } from './guard.ts';
import { ask } from './metrics-scrape.ts';
import { type Launch, ManagedProcess } from './process.ts';
import type { PartListener } from './program.ts';

/** What a sidecar needs from the control plane before it can start. */
export interface Enrolment {
  readonly ads: AdsAddress;
  readonly svid: Svid;
}

/** What is particular to one kind of sidecar. */
export interface SidecarKind {
  /** From SIGTERM to SIGKILL. */
  readonly graceMillis: number;
  launch(enrolment: Enrolment): Launch | Promise<Launch>;
  /** Whether its configuration lists none of these workloads as not ready. */
  knowsReady(workloads: ReadonlySet<string>): Promise<boolean>;
  /** Hands a new credential to the one that runs; absent where that is not its way to the control plane's next one. */
  renew?(svid: Svid): void;
  /** Lets what is under way end before SIGTERM; settles in bounded time. */
  drain?(): Promise<void>;
  /** Lets go of what it has beside the process, which has ended. */
  close?(): void;
}

export interface SidecarOptions {
  readonly kind: SidecarKind;
  /** The pod's. */
  readonly address: string;
  readonly guard: Guard;
  readonly listener: PartListener;
  /** Obtains an SVID for the pod's account; rejects when the control plane does not answer. */
  readonly enrol: () => Promise<Enrolment>;
}

const askAgainMillis = 100;
const renewalShare = 0.5;
const renewAgainMillis = 60_000;

/** The proxy beside one pod's programs. */
export class Sidecar {
  readonly #options: SidecarOptions;
  readonly #process: ManagedProcess;
  #enrolment: Enrolment | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #ready = false;
  #running = false;

  constructor(options: SidecarOptions) {
    this.#options = options;
    const { guard, listener, kind } = options;
    this.#process = new ManagedProcess({
      guard,
      graceMillis: kind.graceMillis,
      launch: async () => kind.launch(await this.#enrol()),
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

  knowsReady(workloads: ReadonlySet<string>): Promise<boolean> {
    return this.#options.kind.knowsReady(workloads);
  }

  start(): void {
    this.#process.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#renewal);
    if (this.#running) await this.#options.kind.drain?.();
    await this.#process.stop();
    this.#options.kind.close?.();
  }

  /** While the control plane is away, a sidecar that died comes back with the identity that it had. */
  async #enrol(): Promise<Enrolment> {
    try {
      this.#enrolment = await this.#options.enrol();
    } catch (cause) {
      if (this.#enrolment === undefined) throw cause;
    }
    this.#planRenewal(this.#enrolment.svid);
    return this.#enrolment;
  }

  #planRenewal({ certificateChain }: Svid): void {
    if (this.#options.kind.renew === undefined) return;
    const left = Date.parse(new X509Certificate(certificateChain).validTo) - Date.now();
    this.#renewIn(Math.max(left * renewalShare, renewAgainMillis));
  }

  #renewIn(millis: number): void {
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => {
      this.#options.enrol().then(
        (enrolment) => {
          this.#enrolment = enrolment;
          this.#options.kind.renew?.(enrolment.svid);
          this.#planRenewal(enrolment.svid);
        },
        () => this.#renewIn(renewAgainMillis),
      );
    }, millis);
  }

  #await(): void {
    clearTimeout(this.#timer);
    void ask(this.#options.address, '/ready').then((answer) => {
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
