import type { Agent } from 'node:http';
import { compareText } from '../lib/collections.ts';
import { type Ejection, ejectionsPath, readEjections } from '../telemetry/ejections.ts';
import { readPage, type ScrapeTarget, scrapeAgent } from './collector/read-proxy.ts';

export interface ProxyEjection extends Ejection {
  /** `NAMESPACE/POD` whose proxy it is that keeps the endpoint out. */
  readonly proxy: string;
}

/** What `/ejections` of a control plane answers. */
export interface EjectionsReport {
  /** Proxies that there are, and those of them that have answered. */
  readonly proxies: { readonly known: number; readonly read: number };
  readonly ejections: readonly ProxyEjection[];
}

/** Readings under way at a time. */
const maxReadings = 32;
/** Then whoever has not been asked yet is not. */
const longestMillis = 3_000;
/** For so long an answer is given again. */
const freshMillis = 2_000;
/** Once so many are known, nobody else is asked: proxies that were not read say that there may be more. */
const maxEjections = 20_000;

/** Asks all proxies whom they keep out, when somebody wants to know. */
export class EjectionReader {
  readonly #targets: () => readonly ScrapeTarget[];
  readonly #agent: Agent = scrapeAgent();
  #last: { readonly at: number; readonly report: Promise<EjectionsReport> } | undefined;

  constructor(targets: () => readonly ScrapeTarget[]) {
    this.#targets = targets;
  }

  /** Never rejects, and takes five seconds at most. Work and memory are bounded; whoever was left out counts as not read. */
  report(): Promise<EjectionsReport> {
    const now = performance.now();
    if (this.#last === undefined || now - this.#last.at > freshMillis) this.#last = { at: now, report: this.#read() };
    return this.#last.report;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #read(): Promise<EjectionsReport> {
    const targets = this.#targets();
    const ejections: ProxyEjection[] = [];
    let read = 0;
    const turns = targets.values();
    const end = performance.now() + longestMillis;
    const work = async () => {
      for (const target of turns) {
        if (performance.now() > end || ejections.length >= maxEjections) return;
        const text = await readPage(target, ejectionsPath, this.#agent);
        const answer = text.ok ? readEjections(text.value) : text;
        // At the address of a pod that is gone another may answer.
        if (!answer.ok || answer.value.workload !== target.workload) continue;
        read += 1;
        ejections.push(...answer.value.ejections.map((ejection) => ({ ...ejection, proxy: target.workload })));
      }
    };
    await Promise.all(Array.from({ length: maxReadings }, work));
    return {
      proxies: { known: targets.length, read },
      ejections: ejections.sort((a, b) => compareText(keyOf(a), keyOf(b))),
    };
  }
}

function keyOf({ cluster, endpoint, proxy }: ProxyEjection): string {
  return `${cluster} ${endpoint} ${proxy}`;
}
