import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isRecord } from '../../../lib/values.ts';
import type { ProgramMeshDescription } from '../description.ts';

/** Where a mesh takes what is for a port of a Service. */
export interface ServiceDoor {
  /** `NAMESPACE/NAME`. */
  readonly service: string;
  readonly port: number;
  readonly address: string;
  /** The port of the address. */
  readonly at: number;
}

const answerMillis = 60_000;
const stopMillis = 5_000;
const shownLength = 2_000;
const shownLine = 200;

interface Waiting {
  readonly resolve: (doors: readonly ServiceDoor[]) => void;
  readonly reject: (reason: Error) => void;
}

/** A mesh that is a program: it is told of changes on its standard input, and says on its standard output when they are in force. */
export class MeshProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #changes = 0;
  #complaints = '';
  /** Why nothing more can be expected of it. */
  #fault: Error | undefined;

  constructor({ command: [program, ...args], folder }: ProgramMeshDescription, resources: string) {
    this.#child = spawn(program, [...args, resources], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    // 'close' comes after everything that it wrote; where it cannot be started, only 'error' does.
    this.#ended = Promise.race([once(this.#child, 'close'), once(this.#child, 'error')]).catch(() => undefined);
    this.#child.once('error', (error) => this.#fail(`cannot be run: ${error.message}`));
    this.#child.once('close', (code, signal) => this.#fail(`ended with ${signal ?? `status ${code}`}`));
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stderr?.on('data', (piece: Buffer) => {
      this.#complaints = (this.#complaints + piece.toString()).slice(-shownLength);
    });
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
  }

  /** Tells the mesh that resources have changed; settles with where it listens when all of them are in force. */
  async changed(): Promise<readonly ServiceDoor[]> {
    if (this.#fault !== undefined) throw this.#fault;
    this.#changes += 1;
    const change = this.#changes;
    const { promise, resolve, reject } = Promise.withResolvers<readonly ServiceDoor[]>();
    this.#waiting.set(change, { resolve, reject });
    const late = `does not say within ${answerMillis / 1_000} s that change ${change} is in force`;
    const timer = setTimeout(() => reject(this.#error(late)), answerMillis);
    this.#child.stdin?.write(`${change}\n`);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(change);
    }
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMillis);
    await this.#ended;
    clearTimeout(timer);
  }

  #read(line: string): void {
    const answer = answerOf(line);
    if (answer === undefined) this.#fail(`says what is no answer: ${line.slice(0, shownLine)}`);
    else this.#waiting.get(answer.inForce)?.resolve(answer.listens);
  }

  #fail(what: string): void {
    this.#fault ??= this.#error(what);
    for (const { reject } of this.#waiting.values()) reject(this.#fault);
  }

  #error(what: string): Error {
    return new Error(`the program of the mesh ${what}${this.#complaints === '' ? '' : `\n${this.#complaints.trim()}`}`);
  }
}

function answerOf(line: string) {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || typeof value.inForce !== 'number' || !Array.isArray(value.listens)) return undefined;
  const listens: readonly unknown[] = value.listens;
  return listens.every(isDoor) ? { inForce: value.inForce, listens } : undefined;
}

function isDoor(value: unknown): value is ServiceDoor {
  if (!isRecord(value)) return false;
  const { service, port, address, at } = value;
  return [service, address].every((each) => typeof each === 'string') && [port, at].every(Number.isInteger);
}
