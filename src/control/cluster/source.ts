import type { ObjectState } from '../../compile/index.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../../diagnostics/origin.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import type { ReflectorLimits } from '../../kubernetes-client/reflector.ts';
import { compareText } from '../../lib/collections.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { ObjectSource, SourceChange, SourceLoad } from '../object-source.ts';
import { type Discovered, Discovery, type DiscoveryOptions } from './discovery.ts';
import { KindFollower } from './follower.ts';
import { followedKinds } from './kinds.ts';
import { ClusterObjects } from './objects.ts';
import { StatusSubjects } from './status/subjects.ts';

export interface ClusterSourceOptions {
  readonly connection: StreamingConnection;
  /** Private, for good versions of objects that have an error now. */
  readonly stateDirectory?: string;
  /** What hinders following; it goes on trying. */
  readonly onFault: (fault: ClusterFault) => void;
  /** For tests. */
  readonly limits?: Partial<ReflectorLimits>;
  readonly intervals?: DiscoveryOptions['intervals'];
}

/** The objects as the apiserver has them, errors and all. */
export interface StatedObjects {
  find(key: ObjectKey): SourceDocument | undefined;
  /** The TrafficSplits of a namespace. */
  splits(namespace: string): Iterable<SourceDocument>;
}

/** What arrives within this time, in milliseconds, is loaded together; longer when loading takes longer. */
const shortestWindow = 20;
const longestWindow = 500;

/** The objects of a cluster, followed. Nothing is told before every kind that is served has been listed once. */
export class ClusterSource implements ObjectSource {
  readonly #options: ClusterSourceOptions;
  readonly #objects: ClusterObjects;
  readonly #discovery: Discovery;
  readonly #stopped = new AbortController();
  /** By `GROUP/KIND`. */
  readonly #followers = new Map<string, KindFollower>();
  /** Objects whose status is written. */
  readonly subjects = new StatusSubjects();
  readonly #writtenKinds: ReadonlySet<string>;
  readonly #synced = Promise.withResolvers<void>();
  readonly #view: StatedObjects = {
    find: (key) => this.#objects.stated.get(key),
    splits: (namespace) => this.#splitsOf(namespace),
  };
  #discovered = false;
  #complete = false;
  #onChange: ((change: SourceChange) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #noticedAt: number | undefined;
  #window = shortestWindow;
  #generation = 0;
  /** What no compilation has taken in yet: all of it again when one fails. */
  #uncompiled = new Map<ObjectKey, ObjectState | undefined>();

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    this.#objects = new ClusterObjects(options.stateDirectory);
    this.#writtenKinds = new Set(followedKinds().flatMap((kind) => (kind.written ? [nameOf(kind)] : [])));
    this.#discovery = new Discovery(options.connection, {
      signal: this.#stopped.signal,
      onFound: (kinds) => this.#follow(kinds),
      onFault: options.onFault,
      ...(options.intervals === undefined ? {} : { intervals: options.intervals }),
    });
    void this.#discovery.run();
  }

  /** Resolves when everything has been listed once. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Nothing before everything has been listed once. */
  /** As the apiserver has them, errors and all. */
  get stated(): ClusterObjects['stated'] {
    return this.#objects.stated;
  }

  get view(): StatedObjects | undefined {
    return this.#complete ? this.#view : undefined;
  }

  start(onChange: (change: SourceChange) => void): void {
    this.#onChange = onChange;
    void this.synced.then(() => this.#flush());
  }

  load(): SourceLoad {
    const { changes, changed, diagnostics } = this.#objects.take();
    for (const [key, state] of changes) this.#uncompiled.set(key, state);
    this.#generation += 1;
    return {
      generation: this.#generation,
      documents: this.#objects.inForce,
      changed: [...changed.keys()].filter((key) => this.#isWritten(key)).sort(compareText),
      before: (key) => changed.get(key),
      refused: this.#objects.refused,
      diagnostics,
      locate: () => undefined,
      compile: (compiler, options) => {
        const compilation = compiler.update(this.#uncompiled, options);
        this.#uncompiled = new Map();
        return compilation;
      },
    };
  }

  async look(signal: AbortSignal): Promise<void> {
    const written = [...this.#followers].flatMap(([name, follower]) =>
      this.#writtenKinds.has(name) ? [follower] : [],
    );
    const faults = await Promise.all(written.map((follower) => follower.catchUp(signal)));
    const failed = faults.find((fault) => fault !== undefined);
    if (failed !== undefined) throw new Error(failed.diagnostic.message);
    this.#flush();
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    for (const follower of this.#followers.values()) follower.stop();
  }

  #follow(kinds: readonly Discovered[]): void {
    for (const { kind, served } of kinds) {
      const name = nameOf(kind);
      const follower = this.#followers.get(name);
      if (served === undefined) {
        follower?.stop();
        follower?.forget();
        this.#followers.delete(name);
      } else if (follower?.path !== served.path) {
        follower?.stop();
        const { limits, connection } = this.#options;
        const options = {
          kind,
          served,
          objects: this.#objects,
          ...(kind.custom ? { subjects: this.subjects } : {}),
          onNews: () => this.#schedule(),
          onSynced: () => this.#checkSynced(),
          onFault: (fault: ClusterFault) => this.#failed(fault),
          ...(limits === undefined ? {} : { limits }),
        };
        this.#followers.set(name, new KindFollower(connection, options));
      }
    }
    this.#discovered = true;
    this.#checkSynced();
  }

  #failed(fault: ClusterFault): void {
    if (fault.status === 404) this.#discovery.hurry();
    this.#options.onFault(fault);
  }

  #checkSynced(): void {
    if (this.#complete || !this.#discovered) return;
    this.#complete = [...this.#followers.values()].every(({ synced }) => synced);
    if (this.#complete) this.#synced.resolve();
  }

  #schedule(): void {
    this.#noticedAt ??= Date.now();
    if (!this.#complete || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#flush(), this.#window);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#complete || this.#onChange === undefined || this.#stopped.signal.aborted) return;
    if (this.#noticedAt === undefined && this.#generation > 0) return;
    const noticedAt = this.#noticedAt ?? Date.now();
    this.#noticedAt = undefined;
    const startedAt = performance.now();
    this.#onChange({ cause: 'cluster', noticedAt });
    this.#window = Math.min(longestWindow, Math.max(shortestWindow, performance.now() - startedAt));
  }

  *#splitsOf(namespace: string): Generator<SourceDocument> {
    const prefix = objectKey('split.smi-spec.io', 'TrafficSplit', namespace, '');
    for (const [key, document] of this.#objects.stated) if (key.startsWith(prefix)) yield document;
  }

  #isWritten(key: ObjectKey): boolean {
    const { group, kind } = parseObjectKey(key);
    return this.#writtenKinds.has(nameOf({ group: group === 'core' ? '' : group, kind }));
  }
}

function nameOf({ group, kind }: { readonly group: string; readonly kind: string }): string {
  return `${group}/${kind}`;
}
