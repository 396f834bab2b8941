import { createHash } from 'node:crypto';
import { BenchFailure } from '../../failure.ts';
import { smallBody } from '../upstreams/nginx.ts';
import { type Answer, type Ask, type Question, withClient } from './client.ts';

const largeBody = 'abcdefghij'.repeat(100_000);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Golden extends Question {
  readonly asks: string;
  expects(answer: Answer): boolean;
}

/** What every subject must answer rightly, one after another on one kept connection, before its figures count. */
const questions: readonly Golden[] = [
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
    asks: 'a body of unknown length back',
    method: 'POST',
    path: '/echo',
    unknownLength: true,
    body: 'in chunks',
    expects: ({ status, body }) => status === 200 && body === 'in chunks',
  },
];

/** Asks all questions; the failure names the subject and the first wrong answer. Returns how many were asked. */
export function checkHttp(protocol: 'http1' | 'https1' | 'http2') {
  return async (subject: string, port: number, host: string): Promise<number> => {
    await withClient(protocol, port, host, (ask) => askAll(subject, questions, ask));
    return questions.length;
  };
}

export async function askAll(subject: string, golden: readonly Golden[], ask: Ask): Promise<void> {
  for (const question of golden) {
    const answer = await ask(question).catch((error: Error) => {
      throw new BenchFailure(`${subject}: ${question.asks} (${question.method} ${question.path}): ${error.message}`);
    });
    if (question.expects(answer)) continue;
    const seen = `status ${answer.status}, ${answer.body.length} characters of body`;
    const what = `${question.asks} (${question.method} ${question.path}: ${seen})`;
    throw new BenchFailure(`${subject} answers wrongly: ${what}`);
  }
}
