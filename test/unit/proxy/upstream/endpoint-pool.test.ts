import { once } from 'node:events';
import { createServer } from 'node:http2';
import net from 'node:net';
import { expect, test } from 'vitest';
import { NO_UPGRADE } from '../../../../src/proxy/codec/upgrade.ts';
import { FieldList } from '../../../../src/proxy/http/field-list.ts';
import type { OutgoingRequest } from '../../../../src/proxy/http/outgoing.ts';
import { Ticker } from '../../../../src/proxy/ticker.ts';
import type { ResponseConsumer, UpstreamFailure } from '../../../../src/proxy/upstream/consumer.ts';
import type { Dialer } from '../../../../src/proxy/upstream/dial.ts';
import { EndpointPool } from '../../../../src/proxy/upstream/endpoint-pool.ts';
import { until } from '../support/mesh.ts';

const outgoing: OutgoingRequest = {
  request: {
    ...{ method: 'POST', target: '/', queryStart: -1, plainPath: true, host: 'store' },
    ...{ fields: new FieldList([]), contentLength: 0, upgrade: NO_UPGRADE },
  },
  ...{ path: '/', query: '', requestEdits: undefined },
};

/** Who waits for a connection, and what became of it. */
function waiting(): ResponseConsumer & { readonly became: string[] } {
  const became: string[] = [];
  const nothing = () => {};
  return {
    became,
    ...{ method: 'POST', upgrading: false, expiresAt: 0 },
    ...{ interim: nothing, wholeResponse: nothing, responseHead: nothing, responseEnd: nothing },
    ...{ responseBody: () => true, responseBroken: nothing, requestDrained: nothing },
    upstreamReady: (stream) => {
      became.push('ready');
      stream.sendHead(outgoing, undefined, true);
    },
    upstreamFailed: (failure: UpstreamFailure) => became.push(failure),
  };
}

test('a request that waits for a shared connection in vain was never sent, whatever else is open', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const dialled: net.Socket[] = [];
  const dial: Dialer['dial'] = (_target, ready) => {
    // Only the first gets anywhere.
    const socket = dialled.length === 0 ? net.connect(port, '127.0.0.1') : new net.Socket();
    socket.once('connect', () => ready(socket));
    dialled.push(socket);
    return socket;
  };
  const ticker = new Ticker();
  const target = { address: '127.0.0.1', port, identity: '', http2: true };
  const pool = new EndpointPool(target, { dial } as Dialer, ticker);
  // It answers nothing, and goes.
  server.on('stream', ({ session }) => session?.goaway());
  pool.acquire(waiting(), false);
  await until(() => pool.connections === 1 && !pool.roomy, 'a connection that drains');
  const late = waiting();
  pool.acquire(late, false);
  expect([pool.connections, dialled.length, late.became]).toEqual([1, 2, []]);
  pool.tick(performance.now() + 60_000);
  expect(late.became).toEqual(['connect']);
  pool.destroy();
  ticker.stop();
  server.close();
});
