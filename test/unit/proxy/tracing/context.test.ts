import { describe, expect, test } from 'vitest';
import { FieldList } from '../../../../src/proxy/http/field-list.ts';
import { HeaderEdits } from '../../../../src/proxy/http/header-edits.ts';
import { B3, B3_MULTI, readContext, W3C, writeContext } from '../../../../src/proxy/tracing/context.ts';
import { amongShare, newTraceId } from '../../../../src/proxy/tracing/ids.ts';
import { SpanQueue } from '../../../../src/proxy/tracing/queue.ts';
import type { FinishedSpan } from '../../../../src/proxy/tracing/span.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';
const read = (headers: Readonly<Record<string, string>>) => readContext(new FieldList(Object.entries(headers).flat()));

describe('the context of a trace', () => {
  test.each([
    ['W3C', { traceparent: `00-${trace}-${span}-01` }, W3C, true],
    ['W3C, not sampled', { traceparent: `00-${trace}-${span}-00` }, W3C, false],
    ['W3C of a later version', { traceparent: `cc-${trace}-${span}-01-more` }, W3C, true],
    ['B3', { b3: `${trace}-${span}-1` }, B3, true],
    ['B3 with a parent', { b3: `${trace}-${span}-0-05e3ac9a4f6e3b90` }, B3, false],
    ['B3 that leaves the decision', { b3: `${trace}-${span}` }, B3, undefined],
    ['B3 in upper case', { b3: `${trace.toUpperCase()}-${span}-1` }, B3, true],
    ['B3 in several fields', { 'x-b3-traceid': trace, 'x-b3-spanid': span, 'x-b3-sampled': '1' }, B3_MULTI, true],
    ['both', { traceparent: `00-${trace}-${span}-01`, b3: `${trace}-${span}-1` }, W3C | B3, true],
  ])('is read: %s', (_, headers, forms, sampled) => {
    expect(read(headers)).toMatchObject({ traceId: trace, spanId: span, forms, sampled });
  });

  test('B3 ids of 64 bits become long ones, and its debug flag decides', () => {
    expect(read({ b3: `${span}-${span}-d` })).toMatchObject({
      traceId: `0000000000000000${span}`,
      sampled: true,
      debug: true,
    });
    expect(read({ b3: '0' })).toMatchObject({ traceId: '', sampled: false });
  });

  test.each([
    [{}],
    [{ traceparent: `00-${'0'.repeat(32)}-${span}-01` }],
    [{ traceparent: `00-${trace}-${'0'.repeat(16)}-01` }],
    [{ traceparent: `ff-${trace}-${span}-01` }],
    [{ traceparent: `00-${trace}-${span}-01-more` }],
    [{ traceparent: `00-${trace.toUpperCase()}-${span}-01` }],
    [{ traceparent: `00-${trace}-${span}-01,00-${trace}-${span}-01` }],
    [{ b3: 'x' }],
    [{ 'x-b3-traceid': trace }],
    [{ tracestate: 'a=b' }],
  ])('%j is none', (headers) => {
    expect(read(headers)).toBeUndefined();
  });

  test('is written once in each form, and the state of the same trace stays', () => {
    const original = new FieldList(['traceparent', `00-${trace}-${'1'.repeat(16)}-01`, 'tracestate', 'a=b']);
    const own = { traceId: trace, spanId: span, sampled: true, debug: false };
    const edits = new HeaderEdits();
    const parent = '2'.repeat(16);
    writeContext({ ...own, forms: W3C | B3 | B3_MULTI, foreignState: false }, parent, edits);
    writeContext({ ...own, forms: W3C | B3 | B3_MULTI, foreignState: false }, parent, edits);
    const all = (name: string) => edits.lookup(name, original);
    expect(all('traceparent')).toBe(`00-${trace}-${span}-01`);
    expect(all('tracestate')).toBe('a=b');
    expect(all('b3')).toBe(`${trace}-${span}-1-${parent}`);
    expect([all('x-b3-traceid'), all('x-b3-spanid'), all('x-b3-parentspanid'), all('x-b3-sampled')]).toEqual([
      trace,
      span,
      parent,
      '1',
    ]);
    writeContext({ ...own, forms: W3C, foreignState: true }, '', edits);
    expect(all('tracestate')).toBeUndefined();
  });

  test('a share takes about so many traces, and the same ones every time', () => {
    const ids = Array.from({ length: 4_000 }, newTraceId);
    const taken = ids.filter((id) => amongShare(id, 0.25));
    // Six standard deviations.
    expect(Math.abs(taken.length - 1_000)).toBeLessThan(165);
    expect(taken.every((id) => amongShare(id, 0.5))).toBe(true);
    expect(ids.some((id) => amongShare(id, 0))).toBe(false);
    expect(ids.every((id) => amongShare(id, 1))).toBe(true);
  });
});

describe('spans on their way', () => {
  const some = {} as FinishedSpan;
  const counters = () => ({ exported: { value: 0 }, dropped: { value: 0 }, failed: { value: 0 } });

  test('are bounded while the collector does not answer, and what is dropped is counted', async () => {
    const counted = counters();
    let answer: (arrived: boolean) => void = () => {};
    const queue = new SpanQueue(() => new Promise((resolve) => (answer = resolve)), counted);
    for (let i = 0; i < 6_000; i++) queue.add(some);
    expect(counted).toMatchObject({ exported: { value: 0 }, dropped: { value: 6_000 - 512 - 4_096 } });
    answer(false);
    await Promise.resolve();
    expect(counted.failed.value).toBe(512);
  });

  test('are sent when the proxy ends', async () => {
    const counted = counters();
    const queue = new SpanQueue(async () => true, counted);
    queue.add(some);
    await queue.flush();
    expect(counted.exported.value).toBe(1);
  });
});
