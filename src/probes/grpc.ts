import { connect } from 'node:http2';
import { failed, type ProbeOutcome, reasonOf } from './outcome.ts';
import type { ProbeTarget } from './table.ts';

type GrpcTarget = Extract<ProbeTarget, { readonly kind: 'grpc' }>;

/** `SERVING` of grpc.health.v1.HealthCheckResponse. */
const serving = 1;
/** Of an answer: a status and nothing else. */
const longestAnswer = 1_024;

/** Calls `grpc.health.v1.Health/Check` without TLS, as the kubelet does. */
export function probeGrpc(
  { port, service }: GrpcTarget,
  {
    address,
    userAgent,
    signal,
  }: { readonly address: string; readonly userAgent: string; readonly signal: AbortSignal },
): Promise<ProbeOutcome> {
  const host = address.includes(':') ? `[${address}]` : address;
  return new Promise((resolve) => {
    const session = connect(`http://${host}:${port}`);
    const settle = (outcome: ProbeOutcome): void => {
      session.destroy();
      resolve(outcome);
    };
    const broken = (error: unknown): void => settle(failed(`grpc ${host}:${port}: ${reasonOf(error)}`));
    session.on('error', broken);
    signal.addEventListener('abort', () => broken(signal.reason));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      'user-agent': userAgent,
      te: 'trailers',
    });
    let body = Buffer.alloc(0);
    let code: string | undefined;
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers['grpc-status'] !== undefined) code = String(headers['grpc-status']);
    };
    stream.on('response', note).on('trailers', note).on('error', broken);
    stream.on('data', (bytes: Buffer) => {
      body = Buffer.concat([body, bytes]);
      if (body.length > longestAnswer) broken(new Error('the answer is no health status'));
    });
    stream.on('end', () => settle(outcomeOf(code, body)));
    stream.end(framed(service));
  });
}

function outcomeOf(code: string | undefined, body: Buffer): ProbeOutcome {
  if (code !== '0') return failed(`grpc status ${code ?? 'missing'}`);
  const status = body.length >= 7 && body[5] === 0x08 ? (body[6] ?? 0) : 0;
  return status === serving ? { status: 200, message: 'SERVING' } : failed(`health status ${status}`);
}

/** HealthCheckRequest with its field 1, behind the prefix of a message that is not compressed. */
function framed(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) return Buffer.from(bytes);
  }
}
