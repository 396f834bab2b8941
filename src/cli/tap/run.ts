import type { TapTarget } from '../../control/admin/contract.ts';
import { packageVersion } from '../../lib/package-version.ts';
import type { RequestRecord } from '../../telemetry/record.ts';
import { parseTapRequest } from '../../telemetry/tap-request.ts';
import { askedBy, type ControlPlaneOptions, notReached } from '../control-plane/answer.ts';
import { type AskedControlPlane, controlPlaneOf } from '../control-plane/ask.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, styleFor } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';
import { wrongUse } from '../wrong-use.ts';
import { harOf } from './har.ts';
import { RulePlaces } from './places.ts';
import { reachOf } from './reach.ts';
import type { TapStream } from './stream.ts';
import { targetsOf } from './targets.ts';
import { tapHeading, tapLine } from './text.ts';

export interface TapOptions extends ControlPlaneOptions {
  /** Of `/tap`, in its words. */
  readonly parameters: URLSearchParams;
  readonly output: 'text' | 'json' | 'har';
  readonly max?: number;
  readonly forMillis?: number;
}

/** More proxies than this are too many to look at. */
const maxProxies = 200;
/** What a HAR file can hold. */
const maxKept = 10_000;

/** Shows requests as they end, until told to stop; returns the exit code. */
export async function runTap(resource: string | undefined, options: TapOptions): Promise<number> {
  const asked = parseTapRequest(options.parameters);
  if (!asked.ok) return wrongUse(asked.error);
  const controlPlane = await controlPlaneOf(options);
  const targets = await allTargets(controlPlane);
  const chosen = resource === undefined ? ({ ok: true, value: targets } as const) : targetsOf(resource, targets);
  if (!chosen.ok) {
    process.stderr.write(`error: ${chosen.error}\n`);
    return exitCodes.unreachable;
  }
  if (chosen.value.length > maxProxies) {
    return wrongUse(`${chosen.value.length} proxies are too many to look at (${maxProxies}); name a resource`);
  }
  if (chosen.value.length === 0) throw notReached('there is no proxy', askedBy(options));
  const session = new TapSession(options, new RulePlaces(controlPlane));
  return await session.run(chosen.value);
}

async function allTargets(controlPlane: AskedControlPlane): Promise<readonly TapTarget[]> {
  const answers = await controlPlane.ask<{ readonly targets: readonly TapTarget[] }>('/targets');
  const byName = new Map(answers.flatMap(({ targets }) => targets).map((target) => [target.workload, target]));
  return [...byName.values()];
}

interface Counts {
  readonly dropped: number;
  readonly skipped: number;
}

class TapSession {
  readonly #options: TapOptions;
  readonly #places: RulePlaces;
  readonly #counts = new Map<string, Counts>();
  readonly #kept: RequestRecord[] = [];
  #shown = 0;
  #open = 0;
  #finish: () => void = () => {};

  constructor(options: TapOptions, places: RulePlaces) {
    this.#options = options;
    this.#places = places;
  }

  async run(targets: readonly TapTarget[]): Promise<number> {
    const { output, forMillis, parameters } = this.#options;
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    const reach = await reachOf(this.#options);
    const failures: string[] = [];
    const query = parameters.toString();
    this.#open = targets.length;
    const streams = targets.map(
      (target): Promise<TapStream> =>
        reach(
          target,
          query,
          (line) => {
            if ('record' in line) this.#record(line.record);
            else this.#counts.set(target.workload, line);
          },
          (reason) => {
            this.#open--;
            if (reason !== '') failures.push(`${target.workload}: ${reason}`);
            if (this.#open === 0) this.#finish();
          },
        ),
    );
    const timer = forMillis === undefined ? undefined : setTimeout(this.#finish, forMillis);
    if (output === 'text' && process.stdout.isTTY === true) print(tapHeading(styleFor(process.stdout)));
    await Promise.race([finished, stopSignal()]);
    clearTimeout(timer);
    const missed = failures.slice();
    for (const stream of await Promise.all(streams)) stream.close();
    if (output === 'har')
      process.stdout.write(`${JSON.stringify(harOf(this.#kept, packageVersion()), undefined, 2)}\n`);
    this.#summary(missed);
    return missed.length === targets.length ? exitCodes.unreachable : exitCodes.fine;
  }

  #record(record: RequestRecord): void {
    const { output, max } = this.#options;
    if (this.#shown >= (max ?? Number.POSITIVE_INFINITY) || this.#kept.length >= maxKept) return;
    this.#shown++;
    if (output === 'har') this.#kept.push(record);
    else void this.#print(record);
    if (this.#shown === max || this.#kept.length === maxKept) this.#finish();
  }

  async #print(record: RequestRecord): Promise<void> {
    const refused = record.verdict === 'denied' || record.verdict === 'audited';
    const place = refused && record.origin !== undefined ? await this.#places.of(record.origin) : undefined;
    if (this.#options.output === 'json') {
      print(JSON.stringify(place === undefined ? record : { ...record, location: place }));
    } else print(tapLine(record, place, process.stdout.isTTY === true, styleFor(process.stdout)));
  }

  #summary(failures: readonly string[]): void {
    const counts = [...this.#counts.values()];
    const sum = (of: (each: Counts) => number) => counts.reduce((total, each) => total + of(each), 0);
    const lines = [
      ...failures.map((failure) => `warning: ${failure}`),
      `${this.#shown} shown, ${sum(({ skipped }) => skipped)} left out by share and rate, ${sum(({ dropped }) => dropped)} dropped`,
    ];
    process.stderr.write(`${lines.join('\n')}\n`);
  }
}
