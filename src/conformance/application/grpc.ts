/** The little of gRPC that the application speaks: unary calls whose messages are bytes to it. */

const prefixBytes = 5;
const lengthOffset = 1;

/** A message with its prefix: not compressed, and its length. */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(prefixBytes + message.length);
  frame.writeUInt32BE(message.length, lengthOffset);
  message.copy(frame, prefixBytes);
  return frame;
}

/** The bytes of the first message of a body. */
export function unframed(body: Buffer): Buffer {
  if (body.length < prefixBytes) return Buffer.alloc(0);
  return body.subarray(prefixBytes, prefixBytes + body.readUInt32BE(lengthOffset));
}
