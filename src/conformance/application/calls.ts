import { createSocket } from 'node:dgram';
import { Agent, request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { framed } from './grpc.ts';
import { podHeader, targetHeader } from './identity.ts';

/** A call that a pod's program makes, as often as it says. */
export interface Call {
  readonly kind: 'http' | 'grpc' | 'tcp' | 'udp';
  /** Where to connect to. */
  readonly address: string;
  readonly port: number;
  /** The own address to connect from; any, unless it is named. */
  readonly from?: string;
  /** What the request names; the address where there is none. */
  readonly host?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly times: number;
}

/** What came of one call. */
export interface CallResult {
  /** Of HTTP, and of gRPC as the HTTP status that its own stands for. */
  readonly status?: number;
  /** The pod that answered. */
  readonly pod?: string;
  /** The request's target as that pod saw it. */
  readonly seen?: string;
  /** Why there is no answer; of connections and datagrams: that nobody served them. */
  readonly error?: string;
}

const httpMillis = 20_000;
const connectionMillis = 10_000;
/** A datagram that nobody answers within this time was dropped. */
const datagramMillis = 1_000;
const concurrency = 8;

/** Makes the calls, a few at a time. */
export async function makeCalls(call: Call): Promise<readonly CallResult[]> {
  const results: CallResult[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  let begun = 0;
  const worker = async () => {
    while (begun < call.times) {
      begun += 1;
      results.push(await makeCall(call, agent));
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, call.times) }, worker));
  agent.destroy();
  return results;
}

function makeCall(call: Call, agent: Agent): Promise<CallResult> {
  if (call.kind === 'http') return callHttp(call, agent);
  if (call.kind === 'grpc') return callGrpc(call);
  return call.kind === 'tcp' ? callTcp(call) : callUdp(call);
}

function callHttp(call: Call, agent: Agent): Promise<CallResult> {
  const { address, host, method = 'GET', path = '/', headers = {} } = call;
  const named = Object.keys(headers).some((name) => name.toLowerCase() === 'host');
  const fields = { ...(named ? {} : { host: host ?? address }), ...headers } as Record<string, string | string[]>;
  return new Promise((resolve) => {
    const options = { ...destinationOf(call), method, path, agent, headers: fields, timeout: httpMillis };
    const request = httpRequest(options, (response) => {
      response.resume();
      const { statusCode: status = 0, headers: answer } = response;
      const pod = answer[podHeader];
      const target = answer[targetHeader];
      response.once('close', () => {
        if (!response.complete) return resolve({ status, error: 'the answer was cut off' });
        return resolve({
          status,
          ...(typeof pod === 'string' ? { pod } : {}),
          ...(typeof target === 'string' ? { seen: JSON.parse(target) as string } : {}),
        });
      });
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.once('error', (error) => resolve({ error: error.message }));
    request.end();
  });
}

function destinationOf({ address, port, from }: Call) {
  return { host: address, port, ...(from === undefined ? {} : { localAddress: from }) };
}

/** gRPC statuses as the HTTP statuses that proxies turn into them (the gRPC over HTTP/2 protocol's mapping). */
const statusOfGrpc: Readonly<Record<string, number>> = { 0: 200, 7: 403, 12: 404, 14: 503, 16: 401 };

function callGrpc(call: Call): Promise<CallResult> {
  const { address, port, host, path = '/', headers = {} } = call;
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${address}:${port}`, {
      createConnection: () => connect(destinationOf(call)),
    });
    const timer = setTimeout(() => finish({ error: 'no answer in time' }), httpMillis);
    const finish = (result: CallResult) => {
      clearTimeout(timer);
      session.destroy();
      resolve(result);
    };
    session.once('error', (error) => finish({ error: error.message }));
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      ':authority': host ?? address,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let answer: { readonly status: number; readonly pod?: string; readonly grpc?: string } = { status: 0 };
    let trailing: string | undefined;
    stream.once('response', (fields) => {
      const { ':status': status = 0, [podHeader]: pod, 'grpc-status': grpc } = fields;
      answer = {
        status,
        ...(typeof pod === 'string' ? { pod } : {}),
        ...(typeof grpc === 'string' ? { grpc } : {}),
      };
    });
    stream.once('trailers', (fields) => {
      trailing = String(fields['grpc-status']);
    });
    stream.once('error', (error) => finish({ error: error.message }));
    stream.resume();
    stream.once('close', () => {
      const grpc = trailing ?? answer.grpc;
      const status = answer.status === 200 && grpc !== undefined ? (statusOfGrpc[grpc] ?? 500) : answer.status;
      finish({ status, ...(answer.pod === undefined ? {} : { pod: answer.pod, seen: path }) });
    });
    stream.end(framed(Buffer.from('hello')));
  });
}

/** A connection that is served says who serves it; any other ends without a byte. */
function callTcp(call: Call): Promise<CallResult> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(destinationOf(call));
    const finish = (reason: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text === '' ? { error: reason } : { pod: text.trim() });
    };
    const timer = setTimeout(() => finish('neither bytes nor end in time'), connectionMillis);
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.once('end', () => finish('closed'));
    socket.once('error', (error) => finish(error.message));
    socket.once('close', () => finish('closed'));
  });
}

function callUdp({ address, port }: Call): Promise<CallResult> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const finish = (result: CallResult) => {
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(() => finish({ error: 'no answer in time' }), datagramMillis);
    socket.once('message', (bytes) => finish({ pod: bytes.toString() }));
    socket.once('error', (error) => finish({ error: error.message }));
    socket.send('who are you?', port, address);
  });
}
