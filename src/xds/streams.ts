import type { NodeStream } from './stream.ts';

const none: ReadonlySet<NodeStream> = new Set();

/** The open streams of a server, and those of each node. */
export class Streams {
  readonly all = new Set<NodeStream>();
  readonly #byNode = new Map<string, Set<NodeStream>>();
  #changed = new Set<NodeStream>();

  of(node: string): ReadonlySet<NodeStream> {
    return this.#byNode.get(node) ?? none;
  }

  name(stream: NodeStream, node: string): void {
    const streams = this.#byNode.get(node) ?? new Set();
    this.#byNode.set(node, streams.add(stream));
  }

  delete(stream: NodeStream, node: string | undefined): void {
    this.all.delete(stream);
    this.#changed.delete(stream);
    if (node === undefined) return;
    const streams = this.#byNode.get(node);
    streams?.delete(stream);
    if (streams?.size === 0) this.#byNode.delete(node);
  }

  /** Whether a node's streams have answered everything and lack nothing of their views that they have not refused. */
  isSettled(node: string): boolean {
    for (const stream of this.of(node)) if (!stream.isSettled || this.#changed.has(stream)) return false;
    return true;
  }

  /** Updates of one turn of the event loop, to one view or to many, travel together. */
  pushSoon(stream: NodeStream): void {
    if (this.#changed.size === 0) {
      setImmediate(() => {
        const changed = this.#changed;
        this.#changed = new Set();
        for (const each of changed) each.push();
      });
    }
    this.#changed.add(stream);
  }
}
