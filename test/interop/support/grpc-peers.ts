import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureGoPeer, ensurePython } from '../../../scripts/interop.mjs';

const languages = ['node', 'python', 'go'] as const;
export type Language = (typeof languages)[number];

/** How a peer is started, or why it cannot be. */
export type PeerCommand = { readonly command: readonly string[] } | { readonly missing: string };

const file = (name: string) => fileURLToPath(new URL(`../grpc/${name}`, import.meta.url));

const commands: Readonly<Record<Language, () => readonly string[]>> = {
  node: () => [process.execPath, file('peer.ts')],
  python: () => [ensurePython(), file('peer.py')],
  go: () => [ensureGoPeer()],
};

/** With `CI=true` a missing language is a failure, so that no test is skipped unseen. */
export function peerCommands(): readonly (readonly [Language, PeerCommand])[] {
  return languages.map((language) => {
    try {
      return [language, { command: commands[language]() }];
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      const { message, hint = '' } = error as Error & { hint?: string };
      return [language, { missing: `${message}; ${hint}` }];
    }
  });
}

/** A server that can be stopped and started again. */
export class PeerServer {
  readonly #command: readonly string[];
  readonly #address: string;
  #process: ChildProcess | undefined;

  constructor(command: readonly string[], address: string) {
    this.#command = command;
    this.#address = address;
  }

  /** Settles when it takes calls. */
  async start(): Promise<void> {
    const [program = '', ...args] = this.#command;
    const child = spawn(program, [...args, 'server', this.#address], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    await Promise.race([once(child.stdout, 'data'), ended(child)]);
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
  }

  /** Settles when it has ended: after its calls, or at once. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await ended(child);
  }
}

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit');

export interface Question {
  readonly target: string;
  readonly authority: string;
  readonly scenario: string;
}

/** A client program that answers one question after the other. */
export class PeerClient {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor([program = '', ...args]: readonly string[]) {
    this.#child = spawn(program, [...args, 'client'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async ask(question: Question): Promise<unknown> {
    this.#child.stdin!.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the client ended');
    return JSON.parse(value);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await ended(this.#child);
  }
}
