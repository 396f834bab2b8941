import protobuf from 'protobufjs/minimal.js';
import { sketchScale } from '../latency-sketch.ts';
import type { Family, MetricsRegistry } from '../registry.ts';
import { Counter, type Exemplar, Histogram, type Labels } from '../series.ts';

type Writer = protobuf.Writer;

/** Field numbers and wire types of io.prometheus.client (prometheus/client_model), of what is written here. */
const fields = {
  family: { name: text(1), help: text(2), type: varint(3), metric: message(4) },
  metric: { label: message(1), gauge: message(2), counter: message(3), histogram: message(7) },
  label: { name: text(1), value: text(2) },
  value: { value: double(1) },
  histogram: {
    count: varint(1),
    sum: double(2),
    bucket: message(3),
    schema: varint(5),
    zeroThreshold: double(6),
    zeroCount: varint(7),
    positiveSpan: message(12),
    positiveDelta: varint(13),
  },
  bucket: { count: varint(1), bound: double(2), exemplar: message(3) },
  span: { offset: varint(1), length: varint(2) },
  exemplar: { label: message(1), value: double(2), timestamp: message(3) },
  timestamp: { seconds: varint(1), nanos: varint(2) },
} as const;

const types = { counter: 0, gauge: 1, histogram: 4 } as const;

/** Prometheus' protobuf format, delimited: histograms as native ones of schema 7, and with classic buckets. */
export function renderProtobuf(registry: MetricsRegistry): Buffer {
  const writer = protobuf.Writer.create();
  for (const family of registry.families()) {
    writer.fork();
    writeFamily(writer, family);
    writer.ldelim();
  }
  return Buffer.from(writer.finish());
}

function writeFamily(writer: Writer, { definition, series }: Family): void {
  const { family, metric } = fields;
  writer.uint32(family.name).string(definition.name);
  writer.uint32(family.help).string(definition.help);
  writer.uint32(family.type).int32(types[definition.type]);
  for (const { labels, series: each } of series.values()) {
    nested(writer, family.metric, () => {
      writeLabels(writer, metric.label, labels);
      if (each instanceof Histogram) nested(writer, metric.histogram, () => writeHistogram(writer, each));
      else {
        const [kind, value] = each instanceof Counter ? [metric.counter, each.value] : [metric.gauge, each()];
        nested(writer, kind, () => writer.uint32(fields.value.value).double(value));
      }
    });
  }
}

function writeLabels(writer: Writer, field: number, labels: Labels): void {
  for (const [name, value] of Object.entries(labels)) {
    nested(writer, field, () => {
      writer.uint32(fields.label.name).string(name).uint32(fields.label.value).string(value);
    });
  }
}

function writeHistogram(writer: Writer, each: Histogram): void {
  const { histogram, bucket } = fields;
  const { sketch } = each;
  writer.uint32(histogram.count).uint64(sketch.count);
  writer.uint32(histogram.sum).double(sketch.sum);
  let { exemplar } = each;
  for (const [bound, count] of each.classic()) {
    nested(writer, histogram.bucket, () => {
      writer.uint32(bucket.count).uint64(count).uint32(bucket.bound).double(bound);
      if (exemplar === undefined || exemplar.seconds > bound) return;
      writeExemplar(writer, exemplar);
      exemplar = undefined;
    });
  }
  writer.uint32(histogram.schema).sint32(sketchScale.schema);
  writer.uint32(histogram.zeroThreshold).double(sketchScale.zeroThreshold);
  writer.uint32(histogram.zeroCount).uint64(sketch.zero);
  writeBuckets(writer, sketch.buckets());
}

/** Spans of adjacent buckets, and what each count is above the one before. */
function writeBuckets(writer: Writer, buckets: Iterable<readonly [index: number, count: number]>): void {
  const { histogram, span } = fields;
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let [end, before] = [0, 0];
  for (const [index, count] of buckets) {
    const last = spans.at(-1);
    if (last !== undefined && index === end) last.length++;
    else spans.push({ offset: index - end, length: 1 });
    deltas.push(count - before);
    [end, before] = [index + 1, count];
  }
  for (const { offset, length } of spans) {
    nested(writer, histogram.positiveSpan, () => {
      writer.uint32(span.offset).sint32(offset).uint32(span.length).uint32(length);
    });
  }
  for (const delta of deltas) writer.uint32(histogram.positiveDelta).sint64(delta);
}

function writeExemplar(writer: Writer, { traceId, seconds, at }: Exemplar): void {
  const { exemplar, timestamp } = fields;
  nested(writer, fields.bucket.exemplar, () => {
    writeLabels(writer, exemplar.label, { trace_id: traceId });
    writer.uint32(exemplar.value).double(seconds);
    nested(writer, exemplar.timestamp, () => {
      writer.uint32(timestamp.seconds).int64(Math.floor(at / 1000));
      writer.uint32(timestamp.nanos).int32(Math.floor((at % 1000) * 1e6));
    });
  });
}

function nested(writer: Writer, field: number, write: () => void): void {
  writer.uint32(field).fork();
  write();
  writer.ldelim();
}

function varint(number: number): number {
  return number << 3;
}

function double(number: number): number {
  return (number << 3) | 1;
}

function text(number: number): number {
  return (number << 3) | 2;
}

function message(number: number): number {
  return text(number);
}
