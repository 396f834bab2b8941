import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BenchFailure } from '../failure.ts';
import type { FleetReport, FleetRequest, SimulatedProxy } from './fleet-messages.ts';

type ReportOf<Kind extends FleetReport['kind']> = Extract<FleetReport, { readonly kind: Kind }>;

const program = fileURLToPath(new URL('fleet-program.ts', import.meta.url));
const limitMillis = 120_000;

/** The process of the simulated proxies. One question at a time. */
export class Fleet {
  readonly #child: ChildProcess = fork(program, { serialization: 'advanced' });
  #failure: string | undefined;
  #waiting: { readonly resolve: (report: FleetReport) => void; readonly reject: (error: Error) => void } | undefined;
  readonly #told: FleetReport[] = [];

  constructor() {
    this.#child.on('message', (report: FleetReport) => {
      if (report.kind === 'failed') this.#fail(report.because);
      else if (this.#waiting === undefined) this.#told.push(report);
      else this.#waiting.resolve(report);
    });
    this.#child.on('exit', () => this.#fail('their process ended'));
  }

  /** Connects them all at once; resolves when they have everything. */
  async connect(address: string, proxies: readonly SimulatedProxy[]): Promise<ReportOf<'loaded'>> {
    this.#tell({ kind: 'connect', address, proxies });
    return await this.#next('loaded');
  }

  /** To be called before what brings the weight: then all have acknowledged it once `acknowledged` resolves. */
  async expect(weight: number): Promise<void> {
    this.#tell({ kind: 'expect', weight });
    await this.#next('expecting');
  }

  async acknowledged(): Promise<ReportOf<'acknowledged'>> {
    return await this.#next('acknowledged');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #tell(request: FleetRequest): void {
    this.#child.send(request);
  }

  async #next<Kind extends FleetReport['kind']>(kind: Kind): Promise<ReportOf<Kind>> {
    if (this.#failure !== undefined) throw new BenchFailure(this.#failure);
    const report = this.#told.shift() ?? (await this.#report(kind));
    if (report.kind !== kind) throw new BenchFailure(`the proxies told ${report.kind} instead of ${kind}`);
    return report as ReportOf<Kind>;
  }

  async #report(kind: string): Promise<FleetReport> {
    const late = () => this.#fail(`nothing was ${kind} within ${limitMillis / 1000} s`);
    const timer = setTimeout(late, limitMillis);
    try {
      return await new Promise<FleetReport>((resolve, reject) => {
        this.#waiting = { resolve, reject };
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  #fail(because: string): void {
    this.#failure ??= `the simulated proxies: ${because}`;
    this.#waiting?.reject(new BenchFailure(this.#failure));
  }
}
