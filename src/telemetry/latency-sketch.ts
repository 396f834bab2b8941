/**
 * Buckets to a doubling: those of Prometheus' native histograms of schema 7. A bucket is 0.54 % wide, so that a quantile is
 * within 0.28 % here, and within 0.55 % wherever somebody interpolates within a bucket.
 */
const perOctave = 128;
const lowestOctave = -20;
const highestOctave = 12;

/** What every latency sketch shares; `schema` and `zeroThreshold` are as in Prometheus' native histograms. */
export const sketchScale = {
  schema: Math.log2(perOctave),
  /** Seconds (about 1 µs): what took less counts as nothing. */
  zeroThreshold: 2 ** lowestOctave,
  /** Of a quantile, relative. */
  maxError: 0.01,
} as const;

/** The upper bound of a bucket in seconds; the lower bound, which does not belong to it, is that of the bucket before. */
export function bucketBound(index: number): number {
  return 2 ** (index / perOctave);
}

/** A sketch as data: plain JSON, as small as what it saw is narrow. */
export interface SketchData {
  readonly sum: number;
  /** Those below `zeroThreshold`. */
  readonly zero: number;
  /** By pairs: how far the bucket's index is from the one before (the first: from 0), and its count, never 0. */
  readonly buckets: readonly number[];
}

/**
 * How long things took, in seconds, with a bounded relative error: counts in logarithmic buckets. Sketches add up and subtract
 * without loss, whoever made them. Takes 1 kB for each doubling in which something was seen; up to 4,096 s are told apart.
 */
export class LatencySketch {
  count = 0;
  sum = 0;
  zero = 0;
  /** By octave. */
  readonly #pages: (Float64Array | undefined)[] = new Array(highestOctave - lowestOctave);

  static from(data: SketchData): LatencySketch {
    const sketch = new LatencySketch();
    sketch.add(data);
    return sketch;
  }

  /** Merges a sketch that is data, without making one of it. */
  add({ sum, zero, buckets }: SketchData): void {
    this.sum += sum;
    this.zero += zero;
    this.count += zero;
    let index = 0;
    for (let i = 0; i + 1 < buckets.length; i += 2) {
      index += buckets[i]!;
      this.addTo(index, buckets[i + 1]!);
    }
  }

  observe(seconds: number): void {
    this.sum += seconds;
    if (seconds > sketchScale.zeroThreshold) {
      this.addTo(Math.ceil(Math.log2(seconds) * perOctave), 1);
      return;
    }
    this.count++;
    this.zero++;
  }

  merge(other: LatencySketch): void {
    this.#combine(other, 1);
  }

  /** What this one has beyond an earlier state of it. */
  since(earlier: LatencySketch): LatencySketch {
    const difference = new LatencySketch();
    difference.#combine(this, 1);
    difference.#combine(earlier, -1);
    return difference;
  }

  /** The value of rank `q` (0 to 1) among what was seen, in seconds; undefined when there was nothing. */
  quantile(q: number): number | undefined {
    if (this.count <= 0) return undefined;
    let rank = Math.max(1, Math.ceil(q * this.count)) - this.zero;
    if (rank <= 0) return 0;
    let last: number | undefined;
    for (const [octave, page] of this.#pages.entries()) {
      if (page === undefined) continue;
      for (let slot = 0; slot < perOctave; slot++) {
        if (page[slot] === 0) continue;
        last = firstIndex(octave) + slot;
        rank -= page[slot]!;
        if (rank <= 0) return middle(last);
      }
    }
    return last === undefined ? 0 : middle(last);
  }

  /** Forgets everything, and keeps the room for it. */
  clear(): void {
    this.count = 0;
    this.sum = 0;
    this.zero = 0;
    for (const page of this.#pages) page?.fill(0);
  }

  /** Index and count of each bucket that is not empty, ascending. */
  *buckets(): Generator<readonly [index: number, count: number]> {
    const { buckets } = this.toJSON();
    for (let at = 0, index = 0; at + 1 < buckets.length; at += 2) {
      index += buckets[at]!;
      yield [index, buckets[at + 1]!];
    }
  }

  toJSON(): SketchData {
    const buckets: number[] = [];
    let before = 0;
    for (const [octave, page] of this.#pages.entries()) {
      if (page === undefined) continue;
      for (let slot = 0; slot < perOctave; slot++) {
        if (page[slot] === 0) continue;
        const index = firstIndex(octave) + slot;
        buckets.push(index - before, page[slot]!);
        before = index;
      }
    }
    return { sum: this.sum, zero: this.zero, buckets };
  }

  #combine(other: LatencySketch, sign: 1 | -1): void {
    this.sum += sign * other.sum;
    this.zero += sign * other.zero;
    this.count += sign * other.zero;
    for (const [index, count] of other.buckets()) this.addTo(index, sign * count);
  }

  /** Counts in one bucket. */
  addTo(index: number, count: number): void {
    const slot = Math.min(index - 1 - lowestOctave * perOctave, (highestOctave - lowestOctave) * perOctave - 1);
    const octave = Math.max(slot, 0) >> sketchScale.schema;
    let page = this.#pages[octave];
    if (page === undefined) {
      page = new Float64Array(perOctave);
      this.#pages[octave] = page;
    }
    page[Math.max(slot, 0) & (perOctave - 1)]! += count;
    this.count += count;
  }
}

/** Of the first bucket of an octave. */
function firstIndex(octave: number): number {
  return (octave + lowestOctave) * perOctave + 1;
}

/** Within half a bucket of everything in it. */
function middle(index: number): number {
  const [lower, upper] = [bucketBound(index - 1), bucketBound(index)];
  return (2 * lower * upper) / (lower + upper);
}
