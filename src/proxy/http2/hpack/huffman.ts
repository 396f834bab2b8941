import { latin1 } from '../../codec/latin1.ts';

/**
 * RFC 7541 appendix B: the length in bits of each octet's code, and of EOS, in base 36. Codes of one length are
 * consecutive in the order of octets, and shorter ones precede longer ones, so the lengths define the code.
 */
const lengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad677777777777777777777' +
  '77878djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmo' +
  'lmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu';

const EOS = 256;
/** Bits of an entry: the state that follows in the low byte, an octet in the next, then these. */
const EMITS = 0x10000;
const FAILS = 0x20000;

/** For each state, which is an inner node of the code's tree, and each four bits what follows. */
const transitions = new Uint32Array(256 * 16);
/** Whether the input may end in a state: after at most seven bits, all ones, of a further code (RFC 7541 5.2). */
const mayEnd = new Uint8Array(256);

build();

function build(): void {
  // Children of inner nodes: another inner node, or an octet (or EOS) below zero as its complement; 0 is none.
  const children = new Int32Array(512);
  let nodes = 1;
  let code = 0;
  for (let length = 5; length <= 30; length++) {
    for (let octet = 0; octet <= EOS; octet++) {
      if (Number.parseInt(lengths.charAt(octet), 36) !== length) continue;
      let node = 0;
      for (let bit = length - 1; bit > 0; bit--) {
        const child = node * 2 + ((code >> bit) & 1);
        if (children[child] === 0) children[child] = nodes++;
        node = children[child]!;
      }
      children[node * 2 + (code & 1)] = ~octet;
      code++;
    }
    code *= 2;
  }
  for (let state = 0; state < nodes; state++) {
    for (let input = 0; input < 16; input++) transitions[state * 16 + input] = transition(children, state, input);
  }
  for (let node = 0, ones = 0; ones < 8; ones++) {
    mayEnd[node] = 1;
    node = children[node * 2 + 1]!;
  }
}

function transition(children: Int32Array, state: number, input: number): number {
  let node = state;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    node = children[node * 2 + ((input >> bit) & 1)]!;
    if (node >= 0) continue;
    if (~node === EOS) return FAILS;
    emitted = EMITS | (~node << 8);
    node = 0;
  }
  return emitted | node;
}

let decoded = Buffer.allocUnsafeSlow(1024);

/** The text of a Huffman-coded string, one character for each octet; undefined for an EOS or bad padding. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  const most = Math.ceil(((end - start) * 8) / 5);
  if (decoded.length < most) decoded = Buffer.allocUnsafeSlow(most * 2);
  let length = 0;
  let state = 0;
  let failed = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    let entry = transitions[(state << 4) | (byte >> 4)]!;
    if ((entry & EMITS) !== 0) decoded[length++] = entry >> 8;
    failed |= entry;
    entry = transitions[((entry & 0xff) << 4) | (byte & 15)]!;
    if ((entry & EMITS) !== 0) decoded[length++] = entry >> 8;
    failed |= entry;
    state = entry & 0xff;
  }
  if ((failed & FAILS) !== 0 || mayEnd[state] === 0) return undefined;
  return latin1(decoded, 0, length);
}
