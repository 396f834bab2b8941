import { WHOLE } from '../policy/share.ts';
import type { Exchange } from '../routing/exchange.ts';

/** The number that a test puts in the place of randomness. */
export function testValue(exchange: Exchange, header: string | undefined): number | undefined {
  const text = header === undefined ? undefined : exchange.header(header);
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Whether a request is among a share of all. */
export function isAmong(share: number, exchange: Exchange, testRandomHeader: string | undefined): boolean {
  return (testValue(exchange, testRandomHeader) ?? Math.floor(Math.random() * WHOLE)) % WHOLE < share;
}
