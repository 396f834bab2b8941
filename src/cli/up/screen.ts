import type { OutputStream } from '../output.ts';

const clearBelow = '\u001b[J';

/**
 * Lines that stay, above a block that is redrawn in place. Where the stream is no terminal the block is not drawn at
 * all: its owner appends it as ordinary lines when it likes.
 */
export class Screen {
  readonly live: boolean;
  readonly #stream: OutputStream & { readonly columns?: number; readonly rows?: number };
  #block: readonly string[] = [];
  #drawn = 0;

  constructor(stream: OutputStream & { readonly columns?: number; readonly rows?: number }) {
    this.#stream = stream;
    this.live = stream.isTTY === true && process.env.TERM !== 'dumb';
  }

  append(lines: readonly string[]): void {
    this.#stream.write(`${this.#erase()}${lines.map((line) => `${line}\n`).join('')}${this.#draw()}`);
  }

  setBlock(lines: readonly string[]): void {
    if (!this.live) return;
    // A block higher than the terminal could not be erased again.
    this.#block = lines.slice(0, Math.max(1, (this.#stream.rows ?? 24) - 1));
    this.#stream.write(`${this.#erase()}${this.#draw()}`);
  }

  clearBlock(): void {
    this.#block = [];
    if (this.#drawn > 0) this.#stream.write(this.#erase());
  }

  #erase(): string {
    const drawn = this.#drawn;
    this.#drawn = 0;
    return drawn === 0 ? '' : `\u001b[${drawn}F${clearBelow}`;
  }

  #draw(): string {
    this.#drawn = this.#block.length;
    const columns = this.#stream.columns ?? 120;
    return this.#block.map((line) => `${cut(line, columns)}\n`).join('');
  }
}

const sgr = new RegExp(`^${'\u001b'}\\[[0-9;]*m`);

/** Shortens to a number of visible characters; a wrapped line would spoil the count of lines. */
function cut(line: string, columns: number): string {
  let visible = 0;
  let result = '';
  for (let rest = line; rest !== ''; ) {
    const sequence = sgr.exec(rest)?.[0];
    const piece = sequence ?? rest.slice(0, 1);
    if (sequence === undefined && ++visible > columns) {
      rest = rest.slice(1);
      continue;
    }
    result += piece;
    rest = rest.slice(piece.length);
  }
  return result;
}
