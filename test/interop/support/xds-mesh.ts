import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../xds/mesh', import.meta.url));
const server = fileURLToPath(new URL('../xds/server.ts', import.meta.url));

/** A copy of the manifests that a test may edit, beside a state directory of its own. */
export class XdsMesh {
  readonly root = mkdtempSync(join(tmpdir(), 'smi-xds-'));
  readonly folder = join(this.root, 'mesh');
  readonly state = join(this.root, 'state');

  constructor() {
    cpSync(source, this.folder, { recursive: true });
    for (const file of readdirSync(this.folder)) this.#replace(file, (text) => text.replaceAll('SERVER', server));
  }

  edit(file: string, from: RegExp, to: string): void {
    const changed = this.#replace(file, (text) => text.replace(from, to));
    if (!changed) throw new Error(`the edit of ${file} changes nothing`);
  }

  delete(file: string): void {
    rmSync(join(this.folder, file));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #replace(file: string, change: (text: string) => string): boolean {
    const path = join(this.folder, file);
    const before = readFileSync(path, 'utf8');
    const after = change(before);
    writeFileSync(path, after);
    return after !== before;
  }
}
