import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../../e2e/support/mesh.ts';
import type { ClusterAccess } from './access.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

const entry = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const patience = 60_000;

/** A replica of the controller as a process of its own, outside the cluster, with ports that were free. */
export class ControllerProcess {
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  #errors = '';

  constructor({ kubeconfig }: Pick<ClusterAccess, 'kubeconfig'>, args: readonly string[] = []) {
    const ports = ['ads', 'identity', 'health', 'admin', 'webhook', 'peer', 'metrics-api'].flatMap((name) => [
      `--${name}-port`,
      '0',
    ]);
    const command = [
      'controller',
      '--kubeconfig',
      kubeconfig,
      '--address',
      '127.0.0.1',
      '--webhook-host',
      '127.0.0.1',
      ...ports,
      ...args,
    ];
    this.#child = spawn(process.execPath, [entry, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface(this.#child.stdout!).on('line', (line) => this.lines.push(JSON.parse(line) as LogLine));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits for a line with these fields. */
  async said(fields: Partial<LogLine>): Promise<LogLine> {
    const find = () => this.lines.find((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
    await until(
      () => find() !== undefined || this.exited,
      patience,
      () => `${JSON.stringify(fields)} among\n${this.tail()}`,
    );
    const found = find();
    if (found === undefined) throw new Error(`it ended before it said ${JSON.stringify(fields)}:\n${this.tail()}`);
    return found;
  }

  get exited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async adsPort(): Promise<number> {
    return Number((await this.said({ message: 'proxies are served' })).port);
  }

  /** By what it said last. */
  get leads(): boolean {
    const last = this.lines.findLast(({ message }) => message.startsWith('this replica '));
    return last?.message === 'this replica leads';
  }

  async port(name: 'health' | 'admin'): Promise<number> {
    return Number((await this.said({ message: 'listening' }))[name]);
  }

  async get(port: 'health' | 'admin', path: string): Promise<{ readonly status: number; readonly body: string }> {
    const number = await this.port(port);
    const answer = await fetch(`http://127.0.0.1:${number}${path}`);
    return { status: answer.status, body: await answer.text() };
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end; gives its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.exited) {
      const gone = once(this.#child, 'exit');
      this.#child.kill(signal);
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), patience);
      await gone;
      clearTimeout(timer);
    }
    return this.#child.exitCode;
  }

  tail(): string {
    return `${this.lines
      .slice(-20)
      .map((line) => JSON.stringify(line))
      .join('\n')}\n${this.#errors.slice(-4_000)}`;
  }
}
