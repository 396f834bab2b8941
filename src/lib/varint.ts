/** Appends a whole number in seven bits a byte, the lowest first, as Protocol Buffers have them; what is below 0 counts as 0. */
export function putVarint(bytes: number[], number: number): void {
  let rest = Math.max(0, Math.round(number));
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

/** Reads what was put one after another. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  /** Of the next number. */
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.at >= this.#bytes.length;
  }

  next(): number {
    const byte = this.#bytes[this.at++]!;
    return byte < 128 ? byte : this.#more(byte - 128);
  }

  #more(first: number): number {
    for (let number = first, scale = 128; ; scale *= 128) {
      const byte = this.#bytes[this.at++]!;
      if (byte < 128) return number + byte * scale;
      number += (byte - 128) * scale;
    }
  }
}
