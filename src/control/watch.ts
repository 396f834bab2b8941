import { statSync } from 'node:fs';
import { findFiles } from '../source/files.ts';

/** When files were found to be different; milliseconds since the epoch. */
export interface FileChange {
  /** The latest time at which one of them was written or renamed; absent when they only went. */
  readonly savedAt?: number;
  readonly noticedAt: number;
}

export interface WatchOptions {
  readonly paths: readonly string[];
  readonly intervalMillis?: number;
  /** The files are not what they were, and nobody has written to them for a moment. */
  readonly onChange: (change: FileChange) => void;
}

export interface FileWatch {
  /** Looks at once instead of when it is time. Settles when `onChange` has been told of everything that was saved before. */
  look(): Promise<void>;
  stop(): void;
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
 * for folders that appear later.
 */
export function watchFiles(options: WatchOptions): FileWatch {
  return new PollingWatch(options);
}

class PollingWatch implements FileWatch {
  readonly #options: WatchOptions;
  #seen: Fingerprint;
  #pending: Fingerprint | undefined;
  #noticedAt = 0;
  #settles = 0;
  #timer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#seen = fingerprint(options.paths);
    this.#lookIn(this.#interval);
  }

  look(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#pending === undefined) this.#lookIn(0);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#release();
  }

  get #interval(): number {
    return this.#options.intervalMillis ?? defaultIntervalMillis;
  }

  #lookIn(millis: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), millis);
  }

  #look(): void {
    const started = performance.now();
    const now = fingerprint(this.#options.paths);
    const cost = performance.now() - started;
    const wait = Math.max(this.#interval, cost / maxShare);
    if (now.text === this.#seen.text && this.#pending === undefined) {
      this.#lookIn(wait);
      this.#release();
    } else if (now.text === this.#pending?.text || this.#settles >= maxSettles) {
      const savedAt = lastSave(this.#seen, now);
      [this.#seen, this.#pending, this.#settles] = [now, undefined, 0];
      this.#lookIn(wait);
      this.#options.onChange({ noticedAt: this.#noticedAt, ...(savedAt === undefined ? {} : { savedAt }) });
      this.#release();
    } else {
      if (this.#pending === undefined) this.#noticedAt = Date.now();
      this.#pending = now;
      this.#settles += 1;
      this.#lookIn(Math.max(settleMillis, cost));
    }
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

interface Fingerprint {
  /** Changes whenever a file appears, goes, is replaced or is written. */
  readonly text: string;
  readonly files: readonly { readonly line: string; readonly changedAt?: number }[];
}

function fingerprint(paths: readonly string[]): Fingerprint {
  const files = paths.flatMap((path) => {
    const found = findFiles(path);
    return found.ok ? found.value.map(({ file }) => statusOf(file)) : [{ line: `${path} ${found.error.message}` }];
  });
  return { text: files.map(({ line }) => line).join('\n'), files };
}

function statusOf(file: string): Fingerprint['files'][number] {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return { line: `${file} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, changedAt: Number(ctimeNs / 1_000_000n) };
  } catch {
    return { line: `${file} gone` };
  }
}

/** By the time at which the file system noted the change of status, which a rename sets too. */
function lastSave(before: Fingerprint, now: Fingerprint): number | undefined {
  const known = new Set(before.files.map(({ line }) => line));
  const times = now.files.flatMap(({ line, changedAt }) =>
    known.has(line) || changedAt === undefined ? [] : [changedAt],
  );
  return times.length === 0 ? undefined : times.reduce((latest, time) => Math.max(latest, time));
}
