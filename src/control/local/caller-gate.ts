/** What is asked of a pod here. */
export interface GatedPod {
  readonly id: string;
  readonly serves: boolean;
  readonly ready: boolean;
  knowsReady(workloads: ReadonlySet<string>): Promise<boolean>;
}

/** How long programs that only call others wait for those that serve. */
const patienceMillis = 20_000;
/** How long they wait, after that, for their sidecars to hear of it. */
const hearingMillis = 3_000;
const askAgainMillis = 30;

/**
 * Holds back the programs that only call others until those that serve are ready and the callers' sidecars know it, so
 * that the first request of a mesh already finds what it asks for. Opens once and stays open.
 */
export class CallerGate {
  readonly #pods: () => readonly GatedPod[];
  readonly #onOpen: () => void;
  #patience: NodeJS.Timeout | undefined;
  #asking: NodeJS.Timeout | undefined;
  #heardBy = Number.POSITIVE_INFINITY;
  #open = false;
  #stopped = false;

  constructor(pods: () => readonly GatedPod[], onOpen: () => void) {
    this.#pods = pods;
    this.#onOpen = onOpen;
  }

  get open(): boolean {
    return this.#open;
  }

  start(): void {
    this.#patience = setTimeout(() => this.#openNow(), patienceMillis);
  }

  /** It does not open any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#patience);
    clearTimeout(this.#asking);
  }

  /** To be called when the readiness of a pod has turned. */
  consider(): void {
    if (this.#stopped || this.#heardBy < Number.POSITIVE_INFINITY) return;
    const servers = this.#pods().filter(({ serves }) => serves);
    if (!servers.every(({ ready }) => ready)) return;
    this.#heardBy = performance.now() + hearingMillis;
    this.#ask(new Set(servers.map(({ id }) => id)));
  }

  #ask(servers: ReadonlySet<string>): void {
    const callers = this.#pods().filter(({ serves }) => !serves);
    void Promise.all(callers.map((caller) => caller.knowsReady(servers))).then((answers) => {
      if (this.#stopped) return;
      if (answers.every((known) => known) || performance.now() > this.#heardBy) this.#openNow();
      else this.#asking = setTimeout(() => this.#ask(servers), askAgainMillis);
    });
  }

  #openNow(): void {
    if (this.#open) return;
    this.stop();
    this.#open = true;
    this.#onOpen();
  }
}
