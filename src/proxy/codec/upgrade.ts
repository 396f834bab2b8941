import { type FieldTable, UPGRADE } from './fields.ts';
import type { Framing } from './framing.ts';

/** The connection goes on with HTTP/1.1. */
export const NO_UPGRADE = 0;
export const WEBSOCKET = 1;
/** Any other protocol: policy on requests would not see what it carries, so nothing is switched to it. */
export const UNSUPPORTED_UPGRADE = 2;

/** What the head of an HTTP/1.1 message asks its connection to become (RFC 9110 7.8). `h2c` may be ignored, and is. */
export function upgradeOf(framing: Framing, fields: FieldTable): number {
  if (!framing.upgrade || (fields.seen & (1 << UPGRADE)) === 0) return NO_UPGRADE;
  const names: string[] = [];
  for (let i = 0; i < fields.count; i++) if (fields.kinds[i] === UPGRADE) names.push(fields.value(i).toLowerCase());
  const name = names.join();
  if (name === 'h2c') return NO_UPGRADE;
  return name === 'websocket' ? WEBSOCKET : UNSUPPORTED_UPGRADE;
}
