import { putVarint, type VarintReader } from '../lib/varint.ts';

/**
 * Buckets to a doubling: those of Prometheus' native histograms of schema 7. A bucket is 0.54 % wide, so that a quantile is
 * within 0.28 % here, and within 0.55 % wherever somebody interpolates within a bucket.
 */
const perOctave = 128;
const lowestOctave = -20;
const highestOctave = 12;
const slots = (highestOctave - lowestOctave) * perOctave;
/** Of the bucket in the first slot. */
const firstIndex = lowestOctave * perOctave + 1;

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

/** The upper bounds of the buckets from 1 to 2, with 1. */
const bounds = Float64Array.from({ length: perOctave + 1 }, (_, index) => bucketBound(index));
/** The least bucket that a number from 1 to 2 can be in, by the first bits of its fraction: in so narrow a range begins one bucket at most. */
const cellBits = 10;
const leastBucket = Uint8Array.from({ length: 1 << cellBits }, (_, cell) =>
  bounds.findIndex((bound) => 1 + cell / (1 << cellBits) <= bound),
);
/** A number, and its bits. */
const scratch = new DataView(new ArrayBuffer(8));

/** The bucket of a positive number, without its logarithm, which costs more than all else. */
function bucketOf(seconds: number): number {
  scratch.setFloat64(0, seconds);
  const high = scratch.getUint32(0);
  const exponent = (high >>> 20) - 1023;
  scratch.setUint32(0, (high & 0xfffff) | (1023 << 20));
  const least = leastBucket[(high & 0xfffff) >> (20 - cellBits)]!;
  return exponent * perOctave + least + (scratch.getFloat64(0) > bounds[least]! ? 1 : 0);
}

/** A sketch as data: plain JSON, as small as what it saw is narrow. */
export interface SketchData {
  readonly sum: number;
  /** Those below `zeroThreshold`. */
  readonly zero: number;
  /** By pairs: how far the bucket's index is from the one before (the first: from 0), and its count, never 0. */
  readonly buckets: readonly number[];
}

/** The same in few bytes; the sum is in whole microseconds. */
export function packSketch({ sum, zero, buckets }: SketchData): readonly number[] {
  const bytes: number[] = [];
  putVarint(bytes, sum * 1e6);
  putVarint(bytes, zero);
  // Of the first the slot, which is not negative.
  for (const [at, number] of buckets.entries()) putVarint(bytes, at === 0 ? number - firstIndex : number);
  return bytes;
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
  /** A bit for each slot in which something was counted: of many slots few are used. */
  readonly #used = new Uint32Array(slots / 32);

  static from(data: SketchData): LatencySketch {
    const sketch = new LatencySketch();
    sketch.add(data);
    return sketch;
  }

  /** Merges a sketch that is data, without making one of it. */
  add({ sum, zero, buckets }: SketchData): void {
    this.#addBeside(sum, zero);
    let index = 0;
    for (let i = 0; i + 1 < buckets.length; i += 2) {
      index += buckets[i]!;
      this.#addTo(index, buckets[i + 1]!);
    }
  }

  /** Merges what `packSketch` made, which ends at `end`. */
  addPacked(packed: VarintReader, end: number): void {
    this.#addBeside(packed.next() / 1e6, packed.next());
    let slot = 0;
    while (packed.at < end) {
      slot += packed.next();
      this.#addToSlot(Math.min(slot, slots - 1), packed.next());
    }
  }

  observe(seconds: number): void {
    this.sum += seconds;
    if (seconds > sketchScale.zeroThreshold) {
      this.#addTo(bucketOf(seconds), 1);
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
    for (let slot = this.#usedFrom(0); slot < slots; slot = this.#usedFrom(slot + 1)) {
      const count = this.#at(slot);
      if (count === 0) continue;
      last = indexOf(slot);
      rank -= count;
      if (rank <= 0) return middle(last);
    }
    return last === undefined ? 0 : middle(last);
  }

  /** Forgets everything, and keeps the room for it. */
  clear(): void {
    this.count = 0;
    this.sum = 0;
    this.zero = 0;
    for (let slot = this.#usedFrom(0); slot < slots; slot = this.#usedFrom(slot + 1))
      this.#pages[slot >> sketchScale.schema]![slot & (perOctave - 1)] = 0;
    this.#used.fill(0);
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
    for (let slot = this.#usedFrom(0); slot < slots; slot = this.#usedFrom(slot + 1)) {
      const count = this.#at(slot);
      if (count === 0) continue;
      const index = indexOf(slot);
      buckets.push(index - before, count);
      before = index;
    }
    return { sum: this.sum, zero: this.zero, buckets };
  }

  #combine(other: LatencySketch, sign: 1 | -1): void {
    this.#addBeside(sign * other.sum, sign * other.zero);
    for (const [index, count] of other.buckets()) this.#addTo(index, sign * count);
  }

  #addBeside(sum: number, zero: number): void {
    this.sum += sum;
    this.zero += zero;
    this.count += zero;
  }

  #addTo(index: number, count: number): void {
    this.#addToSlot(Math.max(0, Math.min(index - firstIndex, slots - 1)), count);
  }

  #addToSlot(slot: number, count: number): void {
    const octave = slot >> sketchScale.schema;
    let page = this.#pages[octave];
    if (page === undefined) {
      page = new Float64Array(perOctave);
      this.#pages[octave] = page;
    }
    page[slot & (perOctave - 1)]! += count;
    this.#used[slot >> 5]! |= 1 << (slot & 31);
    this.count += count;
  }

  #at(slot: number): number {
    return this.#pages[slot >> sketchScale.schema]![slot & (perOctave - 1)]!;
  }

  /** The first used slot that is not before one, or `slots`. */
  #usedFrom(slot: number): number {
    if (slot >= slots) return slots;
    let word = slot >> 5;
    let bits = this.#used[word]! & (-1 << (slot & 31));
    while (bits === 0) {
      word++;
      if (word === this.#used.length) return slots;
      bits = this.#used[word]!;
    }
    return (word << 5) + 31 - Math.clz32(bits & -bits);
  }
}

/** Of a slot the index of its bucket. */
function indexOf(slot: number): number {
  return firstIndex + slot;
}

/** Within half a bucket of everything in it. */
function middle(index: number): number {
  const [lower, upper] = [bucketBound(index - 1), bucketBound(index)];
  return (2 * lower * upper) / (lower + upper);
}
