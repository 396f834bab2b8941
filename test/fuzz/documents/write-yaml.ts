import type { Random } from '../random.ts';

/** Values nested deeper than this are cut: a mutation may have put a value into a copy of itself. */
const depthLimit = 40;
const nodeLimit = 5_000;

/** YAML for a value, in a style that the dice choose: block or flow, quotes or none, JSON, CRLF, comments. */
export function writeYaml(value: unknown, random: Random): string {
  const writer = new Writer(random, random.chance(0.1) ? 1 : 0);
  if (random.chance(0.1)) return `${writer.flow(value, 0)}\n`;
  return `${writer.block(value, 0, 0)}\n`;
}

class Writer {
  readonly #random: Random;
  readonly #flowShare: number;
  #nodes = 0;

  constructor(random: Random, flowShare: number) {
    this.#random = random;
    this.#flowShare = flowShare === 1 ? 1 : 0.1;
  }

  /** What follows a key and its colon, or a dash; a block begins on a new line where it must. */
  block(value: unknown, indent: number, depth: number): string {
    this.#nodes += 1;
    if (!isContainer(value) || this.#cut(depth) || (depth > 0 && this.#random.chance(this.#flowShare)))
      return this.flow(value, depth);
    const pad = ' '.repeat(indent);
    if (Array.isArray(value)) {
      if (value.length === 0) return '[]';
      return value.map((item) => `${pad}- ${this.block(item, indent + 2, depth + 1).trimStart()}`).join('\n');
    }
    const entries = Object.entries(value);
    if (entries.length === 0) return '{}';
    return entries.map(([key, item]) => `${pad}${this.#key(key)}:${this.#after(item, indent, depth)}`).join('\n');
  }

  #after(item: unknown, indent: number, depth: number): string {
    const deeper = Array.isArray(item) && this.#random.chance(0.3) ? indent : indent + 2;
    const text = this.block(item, deeper, depth + 1);
    const comment = this.#random.chance(0.02) ? ' # note' : '';
    return text.startsWith(' ') ||
      text.startsWith('- ') ||
      text.includes('\n') ||
      (isContainer(item) && /^[^[{]/.test(text))
      ? `${comment}\n${text}`
      : ` ${text}${comment}`;
  }

  flow(value: unknown, depth: number): string {
    this.#nodes += 1;
    if (!isContainer(value)) return this.#scalar(value);
    if (this.#cut(depth)) return '~';
    if (Array.isArray(value)) return `[${value.map((item) => this.flow(item, depth + 1)).join(', ')}]`;
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}: ${this.flow(item, depth + 1)}`)
      .join(', ')} }`;
  }

  #cut(depth: number): boolean {
    return depth > depthLimit || this.#nodes > nodeLimit;
  }

  #key(key: string): string {
    return /^[A-Za-z][\w./-]*$/.test(key) ? key : JSON.stringify(key);
  }

  #scalar(value: unknown): string {
    if (typeof value !== 'string') return value === null ? this.#random.pick(['null', '~', 'Null']) : String(value);
    const plain = /^[A-Za-z/][\w./-]*$/.test(value) && !/^(?:null|true|false|yes|no|on|off)$/i.test(value);
    if (plain && this.#random.chance(0.7)) return value;
    const single = !/['\p{Cc}]/u.test(value) && this.#random.chance(0.3);
    return single ? `'${value}'` : JSON.stringify(value);
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
