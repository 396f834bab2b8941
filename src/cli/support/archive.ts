import { gzipSync } from 'node:zlib';

/** A file of a bundle. */
export interface BundleFile {
  /** Relative, with `/`; at most 100 bytes. */
  readonly path: string;
  readonly text: string;
}

const block = 512;

/** A gzipped tar archive (POSIX ustar) of files; `time` in milliseconds since 1970. */
export function archiveOf(files: readonly BundleFile[], time: number): Buffer {
  const parts = files.flatMap(({ path, text }) => {
    const content = Buffer.from(text);
    const padding = Buffer.alloc((block - (content.length % block)) % block);
    return [header(path, content.length, time), content, padding];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]));
}

function header(path: string, size: number, time: number): Buffer {
  const made = Buffer.alloc(block);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  made.write(path, 0, 100, 'utf8');
  made.write(octal(0o600, 8), 100);
  made.write(octal(0, 8), 108);
  made.write(octal(0, 8), 116);
  made.write(octal(size, 12), 124);
  made.write(octal(Math.floor(time / 1_000), 12), 136);
  made.write(' '.repeat(8), 148);
  made.write('0', 156);
  made.write('ustar\x0000', 257);
  const sum = made.reduce((total, byte) => total + byte, 0);
  made.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return made;
}
