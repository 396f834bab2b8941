/** A datagram in a stream (RFC 9297 3.5). */
const DATAGRAM = 0;
/** The largest payload of UDP, with its context. */
const largestDatagram = 65_536;
/** Capsules of other types are passed over (RFC 9297 3.2), but not without end. */
const largestOther = 16_384;

/** The capsule that carries a datagram of UDP, in context 0 (RFC 9298 5). */
export function datagramCapsule(payload: Buffer): Buffer {
  const length = payload.length + 1;
  const capsule = Buffer.allocUnsafe(1 + varintBytes(length) + length);
  capsule[0] = DATAGRAM;
  const at = writeVarint(capsule, 1, length);
  capsule[at] = 0;
  payload.copy(capsule, at + 1);
  return capsule;
}

/** Takes capsules out of the content of a stream. */
export class CapsuleReader {
  /** What came that nobody may send; nothing further is read. */
  failed = false;
  readonly #datagram: (payload: Buffer) => void;
  #rest: Buffer | undefined;

  /** Gets the payload of each datagram of context 0; valid during the call. */
  constructor(datagram: (payload: Buffer) => void) {
    this.#datagram = datagram;
  }

  read(content: Buffer): void {
    if (this.failed) return;
    const bytes = this.#rest === undefined ? content : Buffer.concat([this.#rest, content]);
    this.#rest = undefined;
    let at = 0;
    while (at < bytes.length) {
      const end = this.#capsule(bytes, at);
      if (this.failed) return;
      if (end < 0) break;
      at = end;
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** The position behind the capsule at `at`; -1 when it is incomplete. */
  #capsule(bytes: Buffer, at: number): number {
    const lengthAt = at + varintSize(bytes, at);
    if (lengthAt >= bytes.length) return -1;
    const start = lengthAt + varintSize(bytes, lengthAt);
    if (start > bytes.length) return -1;
    const type = readVarint(bytes, at);
    const length = readVarint(bytes, lengthAt);
    if (length > (type === DATAGRAM ? largestDatagram : largestOther)) {
      this.failed = true;
      return -1;
    }
    const end = start + length;
    if (end > bytes.length) return -1;
    if (type === DATAGRAM && length > 0) this.#payload(bytes, start, end);
    return end;
  }

  /** Contexts other than 0 are for extensions, of which there are none here. */
  #payload(bytes: Buffer, start: number, end: number): void {
    const from = start + varintSize(bytes, start);
    if (from <= end && readVarint(bytes, start) === 0) this.#datagram(bytes.subarray(from, end));
  }
}

/** How many octets the variable-length integer at `at` takes (RFC 9000 16). */
function varintSize(bytes: Buffer, at: number): number {
  return 1 << (bytes[at]! >> 6);
}

/** Exact up to 2^53; what is beyond is too large for anything here. */
function readVarint(bytes: Buffer, at: number): number {
  const size = varintSize(bytes, at);
  let value = bytes[at]! & 63;
  for (let i = 1; i < size; i++) value = value * 256 + bytes[at + i]!;
  return value;
}

function varintBytes(value: number): number {
  return value < 64 ? 1 : value < 16_384 ? 2 : 4;
}

/** `value` below 2^30; the position behind it. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  if (value < 64) return bytes.writeUInt8(value, at);
  if (value < 16_384) return bytes.writeUInt16BE(value | 0x4000, at);
  return bytes.writeUInt32BE((value | 0x80000000) >>> 0, at);
}
