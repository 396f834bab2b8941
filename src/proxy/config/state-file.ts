import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { resourceFromJson } from './decode.ts';
import { type Resource, ResourceSet, typeUrlOf } from './resources.ts';

/**
 * The last good configuration on disk, for a start without control plane. It holds the private key, so only its owner can
 * read it; it is replaced atomically.
 */
export class StateFile {
  readonly #path: string;
  readonly #log: (line: string) => void;
  #writing: Promise<void> = Promise.resolve();
  #wanted: ResourceSet | undefined;

  constructor(path: string, log: (line: string) => void) {
    this.#path = path;
    this.#log = log;
  }

  /** What was kept; undefined when there is nothing of use. A resource that is no longer valid is left out. */
  read(): ResourceSet | undefined {
    let entries: unknown;
    try {
      entries = (JSON.parse(readFileSync(this.#path, 'utf8')) as { resources?: unknown }).resources;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#log(`state file: ${(error as Error).message}`);
      return undefined;
    }
    if (!Array.isArray(entries)) return undefined;
    const resources: Resource[] = [];
    for (const entry of entries as { version?: unknown; resource?: Record<string, unknown> }[]) {
      const decoded = resourceFromJson(entry?.resource ?? {}, String(entry?.version ?? ''));
      if (decoded.ok) resources.push(decoded.value);
      else this.#log(`state file: ${decoded.error}`);
    }
    return new ResourceSet().with(resources);
  }

  /** Writes in the background; of several waiting only the newest. */
  write(resources: ResourceSet): void {
    const busy = this.#wanted !== undefined;
    this.#wanted = resources;
    if (busy) return;
    this.#writing = this.#writing.then(() => this.#flush());
  }

  /** Settles when what was given to `write` is on disk. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #flush(): Promise<void> {
    const resources = this.#wanted;
    this.#wanted = undefined;
    if (resources === undefined) return;
    const entries = resources.all().map(({ kind, version, message }) => ({
      version,
      resource: { typeUrl: typeUrlOf(kind), ...message },
    }));
    const temporary = `${this.#path}.${randomBytes(6).toString('hex')}`;
    try {
      await writeFile(temporary, JSON.stringify({ resources: entries }), { mode: 0o600, flag: 'wx' });
      await rename(temporary, this.#path);
    } catch (error) {
      this.#log(`state file cannot be written: ${(error as Error).message}`);
      await rm(temporary, { force: true });
    }
  }
}
