import { statSync } from 'node:fs';
import { findFiles } from '../source/files.ts';

export interface WatchOptions {
  readonly paths: readonly string[];
  readonly intervalMillis?: number;
  /** The files are not what they were, and nobody has written to them for a moment. */
  readonly onChange: () => void;
}

const defaultIntervalMillis = 200;
/** Looking costs at most this part of the time, however many files there are. */
const maxShare = 1 / 20;
/** An editor that empties a file before it writes it is given this long. */
const settleMillis = 30;
/** Files that never come to rest are read all the same after so many looks. */
const maxSettles = 20;

/**
 * Looks at the files again and again, by their status alone: works on every file system, for editors that replace files,
 * for folders that appear later. Returns how to stop.
 */
export function watchFiles({ paths, intervalMillis = defaultIntervalMillis, onChange }: WatchOptions): () => void {
  let seen = fingerprint(paths);
  let settles = 0;
  let timer: NodeJS.Timeout;
  let pending: string | undefined;
  const look = () => {
    const started = performance.now();
    const now = fingerprint(paths);
    const cost = performance.now() - started;
    const wait = Math.max(intervalMillis, cost / maxShare);
    if (now === seen && pending === undefined) {
      timer = setTimeout(look, wait);
    } else if (now === pending || settles >= maxSettles) {
      [seen, pending, settles] = [now, undefined, 0];
      onChange();
      timer = setTimeout(look, wait);
    } else {
      pending = now;
      settles += 1;
      timer = setTimeout(look, Math.max(settleMillis, cost));
    }
  };
  timer = setTimeout(look, intervalMillis);
  return () => clearTimeout(timer);
}

/** Changes whenever a file appears, goes, is replaced or is written. */
function fingerprint(paths: readonly string[]): string {
  return paths
    .flatMap((path) => {
      const found = findFiles(path);
      return found.ok ? found.value.map(({ file }) => `${file} ${statusOf(file)}`) : [`${path} ${found.error.message}`];
    })
    .join('\n');
}

function statusOf(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return 'gone';
  }
}
