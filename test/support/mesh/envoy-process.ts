import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { RawClient, type RawResponse } from './http-client.ts';

const readyMillis = 30_000;
const stopMillis = 10_000;

/** Options of every Envoy of the tests. */
export const envoyOptions = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'];

/** Runs a program that ends when its standard input does: whatever ends the tests, no Envoy outlives them. */
const tethered = 'exec 3<&0; (read -r _ <&3; kill $$) & exec "$@" 3<&- </dev/null';

/** One Envoy process. */
export class Envoy {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #admin: NetConnectOpts;
  #output = '';
  #over = false;

  /** `bootstrap` is a file. */
  constructor(binary: string, bootstrap: string, admin: NetConnectOpts, args: readonly string[] = []) {
    this.#admin = admin;
    const command = [binary, '--config-path', bootstrap, ...envoyOptions, ...args];
    this.#child = spawn('/bin/sh', ['-c', tethered, 'sh', ...command], { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-4_000);
    });
    this.#exited = new Promise((resolve) => {
      const over = () => {
        this.#over = true;
        resolve();
      };
      this.#child.once('exit', over);
      this.#child.once('error', over);
    });
  }

  /** Settles when Envoy says that it is live. */
  async ready(): Promise<void> {
    const limit = Date.now() + readyMillis;
    for (;;) {
      const live = await this.#isLive();
      // Where it could not listen, one that a killed run has left answers in its place.
      if (this.ended !== undefined) throw new Error(this.ended);
      if (live) return;
      if (Date.now() > limit) throw new Error(`Envoy is not ready in time: ${this.#output}`);
      await delay(20);
    }
  }

  /** Why there is nobody to wait for any more, and what was said before; nothing while it runs. */
  get ended(): string | undefined {
    return this.#over
      ? `Envoy has ended (${this.#child.signalCode ?? this.#child.exitCode}): ${this.#output}`
      : undefined;
  }

  get output(): string {
    return this.#output;
  }

  /** Asks the admin endpoint. */
  async ask(path: string): Promise<RawResponse> {
    const client = new RawClient(() => openSocket(this.#admin));
    const response = await client.send({ method: 'GET', path, headers: [['Host', 'admin']] });
    client.close();
    return response;
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMillis);
    this.#child.stdin?.end();
    await this.#exited;
    clearTimeout(timer);
  }

  async #isLive(): Promise<boolean> {
    const response = await this.ask('/ready');
    return response.kind === 'response' && response.status === 200;
  }
}

/** Settles once the socket is connected. */
export function openSocket(options: NetConnectOpts): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options, () => resolve(socket));
    socket.once('error', reject);
  });
}
