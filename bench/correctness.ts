import { createHash } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { BenchFailure } from './failure.ts';
import { smallBody } from './upstream.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Question {
  readonly asks: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  expects(answer: Answer): boolean;
}

const largeBody = 'abcdefghij'.repeat(100_000);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What every subject must answer rightly, one after another on one kept connection, before its figures count. */
const questions: readonly Question[] = [
  {
    asks: 'status, body and header of a GET',
    method: 'GET',
    path: '/',
    expects: ({ status, headers, body }) => status === 200 && body === smallBody && headers['x-upstream'] === 'nginx',
  },
  {
    asks: 'a HEAD without a body',
    method: 'HEAD',
    path: '/',
    expects: ({ status, body }) => status === 200 && body === '',
  },
  { asks: 'an error status', method: 'GET', path: '/status/404', expects: ({ status }) => status === 404 },
  { asks: 'an answer without a body', method: 'GET', path: '/status/204', expects: ({ status }) => status === 204 },
  {
    asks: 'a request header that reaches the upstream',
    method: 'GET',
    path: '/echo',
    headers: { 'x-bench': 'seen' },
    expects: ({ headers }) => headers['x-seen-header'] === 'seen',
  },
  {
    asks: 'path and query unchanged',
    method: 'GET',
    path: '/echo/a-b?c=d%20e&f=',
    expects: ({ headers }) => headers['x-seen-path'] === '/echo/a-b?c=d%20e&f=',
  },
  {
    asks: 'a small body back',
    method: 'POST',
    path: '/echo',
    body: 'ping',
    expects: ({ status, body }) => status === 200 && body === 'ping',
  },
  {
    asks: 'a body of a megabyte back, byte for byte',
    method: 'POST',
    path: '/echo',
    body: largeBody,
    expects: ({ status, body }) => status === 200 && digest(body) === digest(largeBody),
  },
  {
    asks: 'a chunked body back',
    method: 'POST',
    path: '/echo',
    headers: { 'transfer-encoding': 'chunked' },
    body: 'in chunks',
    expects: ({ status, body }) => status === 200 && body === 'in chunks',
  },
];

/** Asks all questions; the failure names the subject and the first wrong answer. Returns how many were asked. */
export async function checkCorrectness(subject: string, port: number, host: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (const question of questions) {
      const answer = await ask(agent, port, host, question);
      if (!question.expects(answer)) {
        const seen = `status ${answer.status}, ${answer.body.length} characters of body`;
        throw new BenchFailure(
          `${subject} answers wrongly: ${question.asks} (${question.method} ${question.path}: ${seen})`,
        );
      }
    }
  } finally {
    agent.destroy();
  }
  return questions.length;
}

function ask(agent: Agent, port: number, host: string, { method, path, headers, body }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new BenchFailure(`${method} ${path} on port ${port}: ${error.message}`));
    const length =
      body === undefined || headers?.['transfer-encoding'] ? {} : { 'content-length': String(body.length) };
    const options = {
      agent,
      host: '127.0.0.1',
      port,
      method,
      path,
      timeout: 10_000,
      headers: { host, ...length, ...headers },
    };
    const outgoing = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', fail);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 10 s')));
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}
