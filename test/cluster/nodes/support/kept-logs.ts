import { linkSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';

const everyMillis = 500;

/** What sidecars have logged, those of pods included that are gone: the kubelet removes their logs with them. */
export class KeptLogs {
  readonly #lab: Lab;
  readonly #folder: string;
  readonly #timer: NodeJS.Timeout;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#folder = join(lab.folder, 'kept-logs');
    mkdirSync(this.#folder, { recursive: true });
    this.#timer = setInterval(() => this.#keep(), everyMillis);
  }

  /** Lines that match, with the pod and the container before them, in the order of time. */
  lines(pattern: RegExp): readonly string[] {
    this.#keep();
    return entries(this.#folder)
      .flatMap((name) => {
        const from = name.replace(/ .*/, '');
        const text = readFileSync(join(this.#folder, name), 'utf8');
        return text
          .split('\n')
          .flatMap((line) => (pattern.test(line) ? [`${line.slice(0, 30)} ${from} ${line.slice(31)}`] : []));
      })
      .sort();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #keep(): void {
    const nodes = entries(this.#lab.folder).filter((name) => name.startsWith('node-'));
    for (const pods of nodes.map((node) => join(this.#lab.folder, node, 'log', 'pods'))) {
      for (const pod of entries(pods)) {
        const sidecars = entries(join(pods, pod)).filter((name) => name.startsWith('smi-mesh-'));
        for (const sidecar of sidecars) {
          const logs = join(pods, pod, sidecar);
          for (const log of entries(logs)) this.#link(join(logs, log), `${pod.split('_')[1]}:${sidecar}`);
        }
      }
    }
  }

  /** A file that is removed, or gets another name when the next one begins, stays. */
  #link(file: string, from: string): void {
    if (/\.(?:gz|tmp)$/.test(file)) return;
    try {
      linkSync(file, join(this.#folder, `${from} ${statSync(file).ino}`));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    }
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
