import { err, ok, type Result } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';

/** A native histogram at one time. Prometheus says bounds, not the indices of buckets. */
export interface NativeHistogram {
  readonly sum: number;
  readonly buckets: readonly {
    readonly lower: number;
    readonly upper: number;
    readonly count: number;
  }[];
}

/** A series of an answer, with its raw samples in the order of time. */
export interface PromSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly PromSample<number>[];
  readonly histograms: readonly PromSample<NativeHistogram>[];
}

export interface PromSample<Value> {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: Value;
}

/** Reads what `/api/v1/query` answers: a vector or a matrix. The error is a sentence. */
export function decodeAnswer(text: string): Result<readonly PromSeries[], string> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return err('Prometheus answers what is no JSON');
  }
  if (!isRecord(answer)) return err('Prometheus answers what is no object');
  if (answer.status !== 'success') return err(`Prometheus says: ${String(answer.error ?? answer.status)}`);
  const { data } = answer;
  const result = isRecord(data) ? data.result : undefined;
  if (!Array.isArray(result)) return err('Prometheus answers without a result');
  return ok(result.filter(isRecord).map(decodeSeries));
}

function decodeSeries({ metric, value, values, histogram, histograms }: Readonly<Record<string, unknown>>): PromSeries {
  const labels = isRecord(metric) ? metric : {};
  return {
    labels: Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, String(text)])),
    samples: pairs(values ?? [value], (one) => (typeof one === 'string' ? Number(one) : undefined)),
    histograms: pairs(histograms ?? [histogram], decodeHistogram),
  };
}

function pairs<Value>(list: unknown, decode: (value: unknown) => Value | undefined): readonly PromSample<Value>[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((pair) => {
    const [seconds, raw] = Array.isArray(pair) ? pair : [];
    const value = decode(raw);
    return typeof seconds === 'number' && value !== undefined ? [{ at: Math.round(seconds * 1000), value }] : [];
  });
}

function decodeHistogram(value: unknown): NativeHistogram | undefined {
  if (!isRecord(value)) return undefined;
  const { sum, buckets = [] } = value;
  return {
    sum: Number(sum),
    buckets: (Array.isArray(buckets) ? buckets : []).flatMap((bucket) => {
      const [, lower, upper, count] = (Array.isArray(bucket) ? bucket : []).map(Number);
      return lower === undefined || upper === undefined || count === undefined ? [] : [{ lower, upper, count }];
    }),
  };
}
