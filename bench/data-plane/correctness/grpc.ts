import { grpcMessage, grpcPath } from '../upstreams/nginx.ts';
import { type Answer, withClient } from './client.ts';
import { askAll } from './http.ts';

const call = { method: 'POST', unknownLength: true } as const;
const headers = { 'content-type': 'application/grpc', te: 'trailers' };
const message = grpcMessage.toString('latin1');
const large = 'klmnopqrst'.repeat(100_000);
const prefix = Buffer.alloc(5);
prefix.writeUInt32BE(large.length, 1);
const largeMessage = prefix.toString('latin1') + large;

const ended = ({ status, trailers }: Answer, code: string): boolean =>
  status === 200 && trailers['grpc-status'] === code;

/** What every subject must do with calls of gRPC, on one connection. */
const questions = [
  {
    ...call,
    asks: 'message and trailer of the call that the load makes',
    path: grpcPath,
    headers,
    body: message,
    expects: (answer: Answer) => ended(answer, '0') && answer.body === message,
  },
  {
    ...call,
    asks: 'the own message back',
    path: '/bench.Echo/Back',
    headers,
    body: message,
    expects: (answer: Answer) => ended(answer, '0') && answer.body === message,
  },
  {
    ...call,
    asks: 'metadata that reaches the server, and trailing metadata back',
    path: '/bench.Echo/Back',
    headers: { ...headers, 'x-bench': 'seen' },
    body: message,
    expects: ({ headers: head, trailers }: Answer) =>
      head['x-seen-header'] === 'seen' && trailers['x-bench-trailer'] === 'seen',
  },
  {
    ...call,
    asks: 'a message of a megabyte back, byte for byte',
    path: '/bench.Echo/Back',
    headers,
    body: largeMessage,
    expects: (answer: Answer) => ended(answer, '0') && answer.body === largeMessage,
  },
  {
    ...call,
    asks: 'a failure without a message',
    path: '/bench.Echo/Fail',
    headers,
    body: message,
    expects: ({ status, headers: head, body }: Answer) => status === 200 && head['grpc-status'] === '5' && body === '',
  },
];

/** Returns how many calls were made; the failure names the subject and the first wrong answer. */
export async function checkGrpc(subject: string, port: number, host: string): Promise<number> {
  await withClient('http2', port, host, (ask) => askAll(subject, questions, ask));
  return questions.length;
}
