/** Wire types of protobuf. */
const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/** A text longer than this is cut: it is no name of ours. */
const maxTextBytes = 4_096;

/**
 * Reads protobuf without building messages. What is malformed, or reaches beyond its message, makes the reader `failed` and at its end
 * for good: then what it returns means nothing, and nothing throws.
 */
export class WireReader {
  failed = false;
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  /** Wire type of the current field. */
  #type = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** The number of the next field, whose value must be read or skipped; 0 at the end of the message. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.#uint();
    this.#type = tag & 7;
    const field = Math.floor(tag / 8);
    if (field === 0) this.#fail();
    return this.failed ? 0 : field;
  }

  /** A number; of 64 bits those that a double holds. */
  uint(): number {
    return this.#is(varint) ? this.#uint() : 0;
  }

  text(): string {
    const length = this.#length();
    const start = this.#at;
    this.#at += length;
    return length === 0 ? '' : this.#bytes.toString('utf8', start, start + Math.min(length, maxTextBytes));
  }

  /** Goes into the message that is the field's value; the result is for `leave`. */
  enter(): number {
    const length = this.#length();
    const outer = this.#end;
    this.#end = this.#at + length;
    return outer;
  }

  /** Back from a message, to behind it. */
  leave(outer: number): void {
    this.#at = this.failed ? outer : this.#end;
    this.#end = outer;
  }

  skip(): void {
    switch (this.#type) {
      case varint:
        this.#uint();
        return;
      case fixed64:
        this.#forward(8);
        return;
      case lengthDelimited:
        this.#forward(this.#length());
        return;
      case fixed32:
        this.#forward(4);
        return;
      default:
        this.#fail();
    }
  }

  #length(): number {
    if (!this.#is(lengthDelimited)) return 0;
    const length = this.#uint();
    if (length <= this.#end - this.#at) return length;
    this.#fail();
    return 0;
  }

  #forward(bytes: number): void {
    if (bytes > this.#end - this.#at) this.#fail();
    else this.#at += bytes;
  }

  #uint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#end) break;
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    this.#fail();
    return 0;
  }

  /** What has another type than it should have is no such message. */
  #is(type: number): boolean {
    if (this.#type !== type) this.#fail();
    return !this.failed;
  }

  #fail(): void {
    this.failed = true;
    this.#at = this.#end;
  }
}
