import type { MeshView } from '../../control/mesh-view.ts';

/** How often pages look at traffic, which changes all the time. */
const tickMillis = 2_000;
const maxListeners = 32;

/** Server-sent events: `changed` when the mesh or what proxies have of it has changed, and `tick` for what always changes. */
export class Events {
  readonly #mesh: MeshView;
  #listeners = 0;

  constructor(mesh: MeshView) {
    this.#mesh = mesh;
  }

  /** Nothing when too many listen already. */
  listen(gone: AbortSignal): AsyncIterable<string> | undefined {
    if (this.#listeners >= maxListeners) return undefined;
    this.#listeners += 1;
    return this.#stream(gone);
  }

  async *#stream(gone: AbortSignal): AsyncGenerator<string> {
    let wake = Promise.withResolvers<'changed' | 'tick' | 'gone'>();
    const turn = (what: 'changed' | 'tick' | 'gone') => wake.resolve(what);
    const unwatch = this.#mesh.watch(() => turn('changed'));
    const timer = setInterval(() => turn('tick'), tickMillis);
    gone.addEventListener('abort', () => turn('gone'), { once: true });
    try {
      yield 'retry: 2000\n\n';
      while (!gone.aborted) {
        const what = await wake.promise;
        wake = Promise.withResolvers();
        if (what === 'gone') return;
        yield `event: ${what}\ndata: {"generation":${this.#mesh.load()?.generation ?? 0}}\n\n`;
      }
    } finally {
      clearInterval(timer);
      unwatch();
      this.#listeners -= 1;
    }
  }
}
