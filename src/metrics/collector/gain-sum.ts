import { LatencySketch } from '../../telemetry/latency-sketch.ts';
import type { Ended } from '../../telemetry/snapshot.ts';
import type { Counted } from '../series.ts';
import type { Gains } from '../sum.ts';

/** What one series gained, added up. */
class GainSum implements Gains {
  #retries = 0;
  #ended: { -readonly [K in keyof Ended]: Ended[K] }[] = [];
  readonly #latency = new LatencySketch();
  readonly #sketches = [this.#latency];
  #timed = false;

  retried(count: number): void {
    this.#retries += count;
  }

  ended(code: number, verdict: Ended['verdict'], count: number): void {
    for (const each of this.#ended) {
      if (each.code !== code || each.verdict !== verdict) continue;
      each.count += count;
      return;
    }
    this.#ended.push({ code, verdict, count });
  }

  timed(): readonly LatencySketch[] {
    this.#timed = true;
    return this.#sketches;
  }

  /** What was added since it was taken last. */
  take(): Counted {
    const counted: Counted = {
      ended: this.#ended,
      retries: this.#retries,
      ...(this.#timed ? { latency: this.#latency.toJSON() } : {}),
    };
    this.#retries = 0;
    this.#ended = [];
    if (this.#timed) this.#latency.clear();
    this.#timed = false;
    return counted;
  }
}

/** Adds up what the series of one proxy gained, by their numbers. Sketches are large: emptied, it serves for the next proxy. */
export class GainSums {
  readonly #sums: GainSum[] = [];
  readonly #places = new Map<number, number>();

  of(series: number): GainSum {
    let place = this.#places.get(series);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(series, place);
      this.#sums[place] ??= new GainSum();
    }
    return this.#sums[place]!;
  }

  /** Every sum, which then is nothing again. */
  *take(): Generator<readonly [series: number, counted: Counted]> {
    for (const [series, place] of this.#places) yield [series, this.#sums[place]!.take()];
    this.#places.clear();
  }
}
