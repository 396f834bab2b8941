import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

/** What an archive holds under a name. */
export type Entry =
  | { readonly kind: 'file'; readonly content: Buffer; readonly mode: number }
  | { readonly kind: 'folder'; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string };

const block = 512;
const types = { file: '0', folder: '5', link: '2' } as const;

/** A tar archive that is written as it grows: POSIX ustar, with pax records for long names. Times and owners are zero. */
export class Archive {
  readonly #file: number;
  readonly #hash: Hash = createHash('sha256');
  #size = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  add(name: string, entry: Entry): void {
    const target = entry.kind === 'link' ? entry.target : '';
    const content = entry.kind === 'file' ? entry.content : Buffer.alloc(0);
    const mode = entry.kind === 'link' ? 0o777 : entry.mode;
    const records = [...longRecord('path', name), ...longRecord('linkpath', target)].join('');
    if (records !== '') this.#put(header('pax', 'x', 0o644, Buffer.byteLength(records), ''), Buffer.from(records));
    this.#put(header(name, types[entry.kind], mode, content.length, target), content);
  }

  /** Ends the archive; its digest as images spell it, and its size. */
  close(): { readonly digest: string; readonly size: number } {
    this.#write(Buffer.alloc(2 * block));
    closeSync(this.#file);
    return { digest: `sha256:${this.#hash.digest('hex')}`, size: this.#size };
  }

  #put(head: Buffer, content: Buffer): void {
    this.#write(head);
    this.#write(content);
    this.#write(Buffer.alloc((block - (content.length % block)) % block));
  }

  #write(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) from += writeSync(this.#file, bytes, from);
    this.#hash.update(bytes);
    this.#size += bytes.length;
  }
}

const fieldLength = 100;

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
function longRecord(key: string, value: string): readonly string[] {
  if (Buffer.byteLength(value) <= fieldLength) return [];
  const rest = ` ${key}=${value}\n`;
  const length = Buffer.byteLength(rest);
  const digits = String(length + String(length).length).length;
  return [`${length + digits}${rest}`];
}

function header(name: string, type: string, mode: number, size: number, target: string): Buffer {
  const head = Buffer.alloc(block);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  head.write(name, 0, fieldLength);
  head.write(octal(mode, 8), 100);
  head.write(octal(0, 8), 108);
  head.write(octal(0, 8), 116);
  head.write(octal(size, 12), 124);
  head.write(octal(0, 12), 136);
  head.write('        ', 148);
  head.write(type, 156);
  head.write(target, 157, fieldLength);
  head.write('ustar\x0000', 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}
