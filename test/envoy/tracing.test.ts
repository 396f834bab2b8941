import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvoyOptions } from '../../adapters/envoy/index.ts';
import { workloadId } from '../../src/model/ids.ts';
import { type Span, startCollector } from '../support/collector.ts';
import { envoyBinary } from '../support/envoy.ts';
import { listen, sampleModel, weighted } from '../support/envoy-model.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { startPrograms } from '../support/mesh/echo.ts';
import { openSocket } from '../support/mesh/envoy-process.ts';
import { RawClient } from '../support/mesh/http-client.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';

const { path: binary = '', reason } = envoyBinary();
const ids = ['store-v1', 'buyer'].map((name) => workloadId('default', name));

let range: AddressRange;
let credentials: Credentials;

describe.skipIf(binary === '')(`traces of the real Envoy${reason === undefined ? '' : `: ${reason}`}`, () => {
  beforeAll(async () => {
    range = await takeAddressRange();
    credentials = await createCredentials();
  });
  afterAll(() => range.release());

  it.each(['grpc', 'http'] as const)('go on through both sidecars, tries included: OTLP over %s', async (protocol) => {
    const trace = randomBytes(16).toString('hex');
    const parent = randomBytes(8).toString('hex');
    const asked = Array.from({ length: 5 }, () => ({ traceparent: `00-${trace}-${parent}-01` }));
    const { spans, seen } = await traced(protocol, 100, asked, 20);
    const [callers, servers] = [hopsAndTries(spans, 'default/buyer'), hopsAndTries(spans, 'default/store-v1')];
    expect(callers.hops.map((span) => [span.trace, span.parent])).toEqual(asked.map(() => [trace, parent]));
    expect(parents(callers.tries)).toEqual(idsOf(callers.hops));
    expect(parents(servers.hops)).toEqual(idsOf(callers.tries));
    expect(parents(servers.tries)).toEqual(idsOf(servers.hops));
    for (const { traceparent } of seen) {
      expect(servers.tries.map(({ id }) => `00-${trace}-${id}-01`)).toContain(traceparent);
    }
  });

  it('go on from several headers of B3, as somebody decided there, where the mesh passes B3 on', async () => {
    const b3 = (trace: string, sampled: string) => ({
      ...{ 'x-b3-traceid': trace, 'x-b3-spanid': 'c'.repeat(16), 'x-b3-sampled': sampled },
    });
    const w3c = { traceparent: `00-${'d'.repeat(32)}-${'e'.repeat(16)}-01` };
    const asked = [
      b3('a'.repeat(16), '0'),
      b3('not hexadecimal', '1'),
      b3('a'.repeat(16), '1'),
      b3('b'.repeat(32), '1'),
      { ...b3('a'.repeat(16), '0'), ...w3c },
    ];
    const { spans, seen } = await traced('grpc', 0, asked, 12, ['w3c', 'b3multi']);
    const found = hopsAndTries(spans, 'default/buyer').hops.map((span) => [span.trace, span.parent]);
    expect(found.sort()).toEqual([
      [`${'0'.repeat(16)}${'a'.repeat(16)}`, 'c'.repeat(16)],
      ['b'.repeat(32), 'c'.repeat(16)],
      ['d'.repeat(32), 'e'.repeat(16)],
    ]);
    expect(new Set(spans.map(({ trace }) => trace)).size).toBe(3);
    // What came goes on as it came.
    expect(seen[3]).toMatchObject(b3('b'.repeat(32), '1'));
  });

  it('begin here for the share that is asked for, and stay as somebody before decided', async () => {
    const decided = (flag: string) => ({ traceparent: `00-${'a'.repeat(31)}${flag}-${'b'.repeat(16)}-0${flag}` });
    const asked = [{}, {}, decided('0'), decided('0'), ...Array.from({ length: 5 }, () => decided('1'))];
    const { spans, seen } = await traced('grpc', 0, asked, 20);
    expect(new Set(spans.map(({ trace }) => trace))).toEqual(new Set([`${'a'.repeat(31)}1`]));
    expect(seen[0]).not.toHaveProperty('x-request-id');
  });
});

/** Each proxy has a span for the hop and one for each try (a client's). */
function hopsAndTries(spans: readonly Span[], service: string) {
  const own = spans.filter((span) => span.service === service);
  const hops = own.filter(({ parent }) => !own.some(({ id }) => id === parent));
  return { hops, tries: own.filter((span) => !hops.includes(span)) };
}

const parents = (spans: readonly Span[]) => spans.map(({ parent }) => parent).sort();
const idsOf = (spans: readonly Span[]) => spans.map(({ id }) => id).sort();

type Headers = Readonly<Record<string, string>>;

/** Sends requests through two sidecars; settles with so many spans, and what the program saw. */
async function traced(
  protocol: 'grpc' | 'http',
  sampling: number,
  requests: readonly Headers[],
  count: number,
  propagation: NonNullable<EnvoyOptions['tracing']>['propagation'] = [],
): Promise<{ readonly spans: readonly Span[]; readonly seen: readonly Headers[] }> {
  const model = sampleModel({ base: range.base, mode: 'allow', rules: [weighted(1, 0)] });
  const address = `127.${range.base}.250.9`;
  const collector = await startCollector(address, protocol);
  const plane = envoyPlane(binary, {
    tracing: { collector: { address, port: collector.port }, protocol, sampling, propagation },
  });
  const stops = [await startPrograms(model), await plane.start(model, ids, credentials)];
  const client = new RawClient(() => openSocket({ host: `127.${range.base}.0.1`, port: listen.store }));
  try {
    const seen: Headers[] = [];
    for (const headers of requests) {
      const lines = [['Host', 'store'], ...Object.entries(headers)] as [string, string][];
      const response = await client.send({ method: 'GET', path: '/', headers: lines });
      if (response.kind === 'ended') throw new Error(response.reason);
      seen.push((JSON.parse(response.body) as { readonly headers: Headers }).headers);
    }
    await expect.poll(() => collector.spans.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(count);
    return { spans: collector.spans, seen };
  } finally {
    client.close();
    for (const stop of stops.reverse()) await stop();
    collector.stop();
  }
}
