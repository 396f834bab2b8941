import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** One character an octet. */
  readonly body: string;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Does not say how long the body is. */
  readonly unknownLength?: boolean;
}

export type Ask = (question: Question) => Promise<Answer>;

const limitMillis = 10_000;
const address = '127.0.0.1';

/** Lends out a client that asks one question at a time on one kept connection. */
export async function withClient(
  protocol: 'http1' | 'https1' | 'http2',
  port: number,
  host: string,
  use: (ask: Ask) => Promise<void>,
): Promise<void> {
  if (protocol === 'http2') {
    const session = http2.connect(`http://${address}:${port}`);
    // A failure of the connection shows at the request that is under way.
    session.on('error', () => {});
    await use((question) => askHttp2(session, host, question)).finally(() => session.destroy());
    return;
  }
  const secure = protocol === 'https1';
  const settings = { keepAlive: true, maxSockets: 1 };
  const agent = secure ? new https.Agent({ ...settings, rejectUnauthorized: false }) : new http.Agent(settings);
  const request = secure ? https.request : http.request;
  const ask: Ask = (question) =>
    askHttp1(request, { agent, host: address, port, timeout: limitMillis }, host, question);
  await use(ask).finally(() => agent.destroy());
}

function lengthOf({ body, unknownLength }: Question): Record<string, string> {
  return body === undefined || unknownLength ? {} : { 'content-length': String(Buffer.byteLength(body, 'latin1')) };
}

function askHttp1(
  request: typeof http.request,
  options: http.RequestOptions,
  host: string,
  question: Question,
): Promise<Answer> {
  const { method, path, headers, body, unknownLength } = question;
  const framing = unknownLength ? { 'transfer-encoding': 'chunked' } : lengthOf(question);
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...options, method, path, headers: { host, ...framing, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers: received, trailers } = response;
        resolve({ status: statusCode, headers: received, trailers, body: text });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 10 s')));
    outgoing.on('error', reject);
    outgoing.end(body, 'latin1');
  });
}

function askHttp2(session: http2.ClientHttp2Session, host: string, question: Question): Promise<Answer> {
  const { method, path, headers, body } = question;
  const pseudo = { ':method': method, ':path': path, ':authority': host };
  return new Promise((resolve, reject) => {
    const stream = session.request({ ...pseudo, ...lengthOf(question), ...headers }, { endStream: body === undefined });
    let received: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    let text = '';
    stream.setTimeout(limitMillis, () => stream.destroy(new Error('no answer within 10 s')));
    stream.on('response', (fields) => {
      received = fields;
    });
    stream.on('trailers', (fields) => {
      trailers = fields;
    });
    stream.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('error', reject);
    stream.on('end', () =>
      resolve({ status: Number(received[':status'] ?? 0), headers: received, trailers, body: text }),
    );
    if (body !== undefined) stream.end(body, 'latin1');
  });
}
