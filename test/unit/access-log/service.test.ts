import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientWritableStream, credentials, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveAccessLog } from '../../../src/access-log/service.ts';
import { type TrafficContext, writeContext } from '../../../src/lib/traffic-context.ts';
import { metrics } from '../../../src/telemetry/catalogue.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';
import { Counter } from '../../../src/telemetry/series.ts';
import { TapHub } from '../../../src/telemetry/tap.ts';
import { encodeMessage } from './messages.ts';

const context: TrafficContext = {
  direction: 'outbound',
  workload: 'default/buyer-0',
  owner: 'Deployment/buyer',
  identity: 'spiffe://m/ns/default/sa/buyer',
  addresses: ['10.0.0.1'],
};
const entry = { commonProperties: {}, response: { responseCode: { value: 200 }, responseCodeDetails: 'via_upstream' } };
const entries = (count: number) => ({ httpLogs: { logEntry: Array.from({ length: count }, () => entry) } });
const named = (logName: string) => ({ identifier: { node: { id: 'x' }, logName } });

let folder: string;
let socket: string;
let registry: MetricsRegistry;
let close: () => void;
let client: Client;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'smi-log-'));
  socket = join(folder, 'log.sock');
  registry = new MetricsRegistry();
  ({ close } = await serveAccessLog(socket, { registry, taps: new TapHub() }, () => undefined));
  client = new Client(`unix:${socket}`, credentials.createInsecure());
});
afterEach(() => {
  client.close();
  close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a stream; `ended` is what the service says of it in the end. */
function open(): { readonly stream: ClientWritableStream<Buffer>; readonly ended: Promise<ServiceError | null> } {
  const { promise, resolve } = Promise.withResolvers<ServiceError | null>();
  const path = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';
  const stream = client.makeClientStreamRequest<Buffer, Buffer>(
    path,
    (bytes) => bytes,
    (bytes) => bytes,
    (error) => resolve(error),
  );
  return { stream, ended: promise };
}

function counted(): number {
  const family = [...registry.families()].find(({ definition }) => definition === metrics.requests);
  const series = [...(family?.series.values() ?? [])].map((each) => each.series);
  return series.reduce((sum, each) => sum + (each instanceof Counter ? each.value : 0), 0);
}

describe('the reader of an access log', () => {
  it('counts what a stream says, and nobody else can open its socket', async () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const { stream, ended } = open();
    stream.write(encodeMessage({ ...named(writeContext(context)), ...entries(2) }));
    stream.write(encodeMessage(entries(3)));
    stream.end();
    expect(await ended).toBeNull();
    expect(counted()).toBe(5);
  });

  it.each([
    ['does not say whose log it is', encodeMessage(entries(1))],
    ['says so in other words', encodeMessage({ ...named('{"direction":"sideways"}'), ...entries(1) })],
    ['is no message', Buffer.from('nothing of the kind')],
  ])('ends a stream that %s, and goes on with others', async (_, bytes) => {
    const bad = open();
    bad.stream.write(bytes);
    expect(await bad.ended).toMatchObject({ code: 3 });
    expect(counted()).toBe(0);
    const good = open();
    good.stream.write(encodeMessage({ ...named(writeContext(context)), ...entries(1) }));
    good.stream.end();
    expect(await good.ended).toBeNull();
    expect(counted()).toBe(1);
  });

  it('keeps what a stream said before it broke', async () => {
    const { stream, ended } = open();
    stream.write(encodeMessage({ ...named(writeContext(context)), ...entries(4) }));
    stream.write(Buffer.from('nothing of the kind'));
    expect(await ended).toMatchObject({ code: 3 });
    expect(counted()).toBe(4);
  });
});
