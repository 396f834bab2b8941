import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4_096);
let used = pool.length;

function take(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** 32 hexadecimal digits. */
export function newTraceId(): string {
  return take(16);
}

/** 16 hexadecimal digits. */
export function newSpanId(): string {
  return take(8);
}

/** Whether a trace is among a share (0 to 1) of all, by the random bits of its id: whoever asks for the same share agrees. */
export function amongShare(traceId: string, share: number): boolean {
  return share >= 1 || Number.parseInt(traceId.slice(18), 16) < share * 2 ** 56;
}
