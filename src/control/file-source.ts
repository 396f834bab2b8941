import { isDeepStrictEqual } from 'node:util';
import type { Compilation, CompileOptions, Compiler } from '../compile/index.ts';
import type { PodObject } from '../kubernetes/types.ts';
import { type Load, Loader } from './loader.ts';
import type { ObjectSource, SourceChange, SourceLoad } from './object-source.ts';
import { type FileWatch, watchFiles } from './watch.ts';

export interface FileSourceOptions {
  readonly paths: readonly string[];
  /** For the last good objects. */
  readonly stateDirectory?: string;
  readonly pollMillis?: number;
  /** Loads are incomplete until `setPods` was called once. */
  readonly awaitPods?: boolean;
}

/** Manifests in files, and the pods that a supervisor runs of them. */
export class FileSource implements ObjectSource {
  readonly #options: FileSourceOptions;
  readonly #loader: Loader;
  #onChange: (change: SourceChange) => void = () => undefined;
  #watch: FileWatch | undefined;
  #load: Load | undefined;
  #pods: readonly PodObject[] | undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#loader = new Loader(options.paths, options.stateDirectory);
  }

  start(onChange: (change: SourceChange) => void): void {
    const { paths, pollMillis } = this.#options;
    this.#onChange = onChange;
    // Watched before they are read, so that no change falls in between.
    this.#watch = watchFiles({
      paths,
      ...(pollMillis === undefined ? {} : { intervalMillis: pollMillis }),
      onChange: (change) => onChange({ cause: 'files', ...change }),
    });
    onChange({ cause: 'files', noticedAt: Date.now() });
  }

  /** The pods that run, beside those of the files; replaces the list before. */
  setPods(pods: readonly PodObject[]): void {
    if (this.#pods !== undefined && isDeepStrictEqual(pods, this.#pods)) return;
    this.#pods = pods;
    if (this.#load !== undefined) this.#onChange({ cause: 'pods' });
  }

  load({ cause }: SourceChange): SourceLoad {
    const load = cause === 'pods' && this.#load !== undefined ? this.#load : this.#loader.load();
    this.#load = load;
    const { deployments, services } = load.input;
    const waits = this.#pods === undefined && this.#options.awaitPods === true;
    return {
      ...load,
      compile: (compiler, options) => this.#compile(load, compiler, options),
      programs: { deployments, services },
      ...(waits ? { incomplete: true } : {}),
    };
  }

  async look(): Promise<void> {
    await this.#watch?.look();
  }

  stop(): void {
    this.#watch?.stop();
  }

  #compile({ input }: Load, compiler: Compiler, options: CompileOptions): Compilation {
    const running = this.#pods ?? [];
    const names = new Set(running.map(({ meta }) => meta.key));
    const pods = [...input.pods.filter(({ meta }) => !names.has(meta.key)), ...running];
    return compiler.compile({ ...input, pods }, options);
  }
}
