import { describe, expect, test } from 'vitest';
import { FieldList } from '../../../../src/proxy/http/field-list.ts';
import { MirroredRequest } from '../../../../src/proxy/http/mirrored-request.ts';
import { RequestBody } from '../../../../src/proxy/http/request-body.ts';
import { stampDeadline } from '../../../../src/proxy/http/stamp-deadline.ts';
import { limits } from '../../../../src/proxy/limits.ts';
import { Exchange, type ExchangeTransaction } from '../../../../src/proxy/routing/exchange.ts';
import type { UpstreamStream } from '../../../../src/proxy/upstream/consumer.ts';
import type { Endpoint } from '../../../../src/proxy/upstream/endpoint.ts';
import { outboundLabels } from '../../../../src/telemetry/labels.ts';
import { MetricsRegistry } from '../../../../src/telemetry/registry.ts';
import { RequestSeries } from '../../../../src/telemetry/requests.ts';

function exchange(direction: 'inbound' | 'outbound', fields: readonly string[] = []): Exchange {
  const one = new Exchange({} as ExchangeTransaction);
  one.begin({ ...one.request, method: 'POST', fields: new FieldList(fields) }, performance.now());
  const nobody = { workload: '', owner: '', identity: '' };
  one.series = new RequestSeries(new MetricsRegistry(), { ...outboundLabels(nobody), direction });
  one.deadline = performance.now() + 10_000;
  return one;
}

const written = ({ requestEdits }: Exchange): string[] => {
  const names: string[] = [];
  requestEdits?.each((name) => names.push(name));
  return names;
};

describe('what is left of the time', () => {
  test('is told to the program, but to no host outside the mesh', () => {
    const inward = exchange('inbound');
    stampDeadline(inward);
    expect(written(inward)).toEqual(['x-smi-deadline-ms']);
    const outward = exchange('outbound');
    stampDeadline(outward);
    expect(written(outward)).toEqual([]);
  });

  test('is told in calls of gRPC to everybody: the caller asked for it in words of theirs', () => {
    const call = exchange('outbound', ['content-type', 'application/grpc']);
    stampDeadline(call);
    stampDeadline(call);
    expect(written(call)).toEqual(['grpc-timeout']);
  });
});

describe('bodies', () => {
  test('that are kept are bounded all together; what was not sent yet stays', () => {
    const bodies: RequestBody[] = [];
    const piece = Buffer.alloc(limits.replayBytes);
    const fits = limits.replayBytesInAll / piece.length;
    for (let i = 0; i < fits; i++) {
      const body = new RequestBody();
      body.add(piece, true);
      bodies.push(body);
    }
    expect(bodies.every((body) => body.replayable)).toBe(true);
    const sent = new RequestBody();
    sent.add(piece, true);
    expect(sent.replayable).toBe(false);
    const unsent = new RequestBody();
    unsent.add(piece, false);
    expect(unsent.take()).toHaveLength(piece.length);
    expect(unsent.replayable).toBe(false);
    for (const body of bodies) body.forget();
    const later = new RequestBody();
    later.add(piece, true);
    expect(later.replayable).toBe(true);
    later.forget();
  });
});

describe('a copy that takes too long', () => {
  function copy() {
    const calls: string[] = [];
    const pool = { outstanding: 0, acquire: () => calls.push('acquire'), cancel: () => calls.push('cancel') };
    const endpoint = { pool, failed: () => calls.push('failed') } as unknown as Endpoint;
    const request = { request: exchange('outbound').request, path: '/', query: '', requestEdits: undefined };
    const body = { bytes: undefined, trailers: undefined };
    const to = { endpoint, breaker: undefined };
    const mirrored = new MirroredRequest(request, body, to, (_, outcome) => calls.push(outcome));
    mirrored.send();
    return { mirrored, calls, pool };
  }

  test('leaves the queue of its endpoint', () => {
    const { mirrored, calls, pool } = copy();
    mirrored.giveUp();
    mirrored.giveUp();
    expect(calls).toEqual(['acquire', 'cancel', 'failed', 'failed']);
    expect(pool.outstanding).toBe(0);
  });

  test('gives up its stream, and what still comes of it counts no more', () => {
    const { mirrored, calls, pool } = copy();
    const stream = { sendHead: () => true, abandon: () => calls.push('abandon') } as unknown as UpstreamStream;
    mirrored.upstreamReady(stream);
    mirrored.giveUp();
    mirrored.responseBroken();
    expect(calls).toEqual(['acquire', 'abandon', 'failed', 'failed']);
    expect(pool.outstanding).toBe(0);
  });
});
