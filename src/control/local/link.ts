import type { NonEmpty } from '../../lib/collections.ts';
import {
  type AdsAddress,
  type ControlPlaneMessage,
  parseControlPlaneMessage,
  type SupervisorMessage,
} from '../messages.ts';
import type { Guard } from './guard.ts';
import { ManagedProcess } from './process.ts';
import type { PartListener } from './program.ts';
import type { Enrolment } from './sidecar.ts';

export interface LinkOptions {
  readonly command: NonEmpty<string>;
  readonly cwd: string;
  readonly guard: Guard;
  readonly listener: PartListener;
  /** Everything that the control plane says, save the answers to `enrol`. */
  readonly onMessage: (message: ControlPlaneMessage) => void;
}

const answerMillis = 10_000;
const graceMillis = 3_000;

interface Waiting {
  readonly resolve: (enrolment: Enrolment) => void;
  readonly reject: (cause: Error) => void;
}

/** The control plane's process, and the conversation with it. */
export class ControlPlaneLink {
  readonly #process: ManagedProcess;
  readonly #options: LinkOptions;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ads: AdsAddress | undefined;

  constructor(options: LinkOptions) {
    const { command, cwd, guard, listener } = options;
    this.#options = options;
    this.#process = new ManagedProcess({
      guard,
      graceMillis,
      launch: () => Promise.resolve({ command, cwd, env: environment(), ipc: true }),
      onLine: (text) => listener.line(text),
      onEvent: (event) => {
        if (event.kind !== 'started') this.#abandon();
        listener.event(event);
      },
      onMessage: (message) => this.#receive(message),
    });
  }

  start(): void {
    this.#process.start();
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** Lost when the control plane is away: it is told anew when it is back and has read its files. */
  send(message: SupervisorMessage): void {
    this.#process.send(message);
  }

  /** Obtains an SVID and where to reach the control plane; rejects when it is away, refuses, or takes 10 seconds. */
  enrol(identity: string): Promise<Enrolment> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(() => reject(new Error('the control plane does not answer'))),
        answerMillis,
      );
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        finish();
      };
      this.#waiting.set(id, {
        resolve: (enrolment) => settle(() => resolve(enrolment)),
        reject: (cause) => settle(() => reject(cause)),
      });
      if (!this.#process.send({ type: 'issue', id, identity } satisfies SupervisorMessage)) {
        this.#waiting.get(id)?.reject(new Error('the control plane is away'));
      }
    });
  }

  #receive(value: unknown): void {
    const parsed = parseControlPlaneMessage(value);
    if (!parsed.ok) {
      this.#options.listener.line(`unreadable message: ${parsed.error}`);
      return;
    }
    const message = parsed.value;
    if (message.type === 'issued') {
      if (this.#ads !== undefined) this.#waiting.get(message.id)?.resolve({ ads: this.#ads, svid: message.svid });
    } else if (message.type === 'refused') {
      this.#waiting.get(message.id)?.reject(new Error(`no identity: ${message.because}`));
    } else {
      if (message.type === 'ready') this.#ads = message.ads;
      this.#options.onMessage(message);
    }
  }

  #abandon(): void {
    for (const { reject } of [...this.#waiting.values()]) reject(new Error('the control plane is away'));
  }
}

function environment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
