/**
 * A copy in memory of its own, for bytes that are kept. What Node and protobufjs make are slices of pools of 64 KiB, and one small slice that
 * lives keeps the whole pool.
 */
export function lasting(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
