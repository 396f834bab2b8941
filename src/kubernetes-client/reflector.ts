import { type Fields, isRecord } from '../lib/values.ts';
import { Backoff, type BackoffLimits } from './backoff.ts';
import type { StreamingConnection } from './connect.ts';
import { type ClusterFault, fault } from './fault.ts';
import { resourceVersionOf, type WatchEvent, watch } from './watch-stream.ts';

export interface ObjectName {
  /** Empty for objects of the cluster. */
  readonly namespace: string;
  readonly name: string;
}

export interface ReflectedChange {
  /** Objects that are new or different, without `metadata.managedFields`; those of a list carry no apiVersion and kind. */
  readonly set: readonly Fields[];
  readonly removed: readonly ObjectName[];
}

export interface ReflectorOptions {
  /** Of the list, such as `/api/v1/pods`. */
  readonly path: string;
  /** Asks for `metadata` alone. */
  readonly metadataOnly?: boolean;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly onChange: (change: ReflectedChange) => void;
  /** The list is complete: the first time, and whenever it had to be read anew. */
  readonly onSynced?: () => void;
  /** What hinders it now; it goes on trying. A 404 says that nothing is served at the path, and removes nothing. */
  readonly onFault?: (fault: ClusterFault) => void;
  readonly limits?: Partial<ReflectorLimits>;
}

export interface ReflectorLimits {
  readonly pageSize: number;
  /** More objects than this are not read: the list counts as failed. */
  readonly objects: number;
  /** A watch on which nothing arrives for so long is begun anew, in milliseconds; bookmarks come every minute. */
  readonly idleTimeout: number;
  /** The apiserver ends a watch after one to two times this, in seconds. */
  readonly watchSeconds: number;
  readonly backoff: BackoffLimits;
}

export interface Reflector {
  /** The list has been complete once. */
  readonly synced: boolean;
  /** Nothing is called any more afterwards. */
  stop(): void;
}

const defaults: ReflectorLimits = {
  pageSize: 500,
  objects: 200_000,
  idleTimeout: 150_000,
  watchSeconds: 300,
  backoff: { base: 500, max: 30_000 },
};
/** A watch that ends sooner than this, in milliseconds, counts as a failure. */
const shortWatch = 2_000;

/**
 * Follows all objects of a kind: lists them in pages, watches from there with bookmarks, resumes where a watch ended, and
 * lists anew when the apiserver has forgotten the state (410). It holds names and versions only, and says after a new list
 * what has changed since the old one.
 */
export function startReflector(connection: StreamingConnection, options: ReflectorOptions): Reflector {
  const running = new RunningReflector(connection, options);
  void running.run();
  return running;
}

class RunningReflector implements Reflector {
  readonly #connection: StreamingConnection;
  readonly #options: ReflectorOptions;
  readonly #limits: ReflectorLimits;
  readonly #stopped = new AbortController();
  readonly #backoff: Backoff;
  /** Versions by `namespace/name`. */
  readonly #known = new Map<string, string>();
  /** Where the watch goes on; empty when a list is needed. */
  #resourceVersion = '';
  #synced = false;

  constructor(connection: StreamingConnection, options: ReflectorOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#limits = { ...defaults, ...options.limits };
    this.#backoff = new Backoff(this.#limits.backoff);
  }

  get synced(): boolean {
    return this.#synced;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const failed = this.#resourceVersion === '' ? await this.#list() : await this.#watch();
      if (signal.aborted) return;
      if (failed === undefined) continue;
      if (failed.status === 410) this.#resourceVersion = '';
      this.#options.onFault?.(failed);
      await this.#backoff.wait(signal, failed.retryAfter);
    }
  }

  async #list(): Promise<ClusterFault | undefined> {
    const { signal } = this.#stopped;
    const { pageSize, objects } = this.#limits;
    const seen = new Set<string>();
    let token = '';
    let version = '';
    do {
      const query = this.#query({ limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
      const page = await this.#connection.get(`${this.#options.path}?${query}`, {
        accept: this.#accept('List'),
        signal,
      });
      if (signal.aborted) return undefined;
      if (!page.ok) return page.error;
      const { items, metadata } = isRecord(page.value) ? page.value : {};
      if (!Array.isArray(items) || !isRecord(metadata)) return fault(`${this.#options.path} answers no list`);
      const listed = items.filter(isRecord);
      for (const item of listed) seen.add(keyOf(nameOf(item)));
      if (seen.size > objects) return fault(`${this.#options.path} has more than ${objects} objects`);
      this.#apply(listed.map((object) => ({ type: 'set', object })));
      token = typeof metadata.continue === 'string' ? metadata.continue : '';
      version = typeof metadata.resourceVersion === 'string' ? metadata.resourceVersion : '';
    } while (token !== '');
    const gone = [...this.#known.keys()].filter((key) => !seen.has(key));
    for (const key of gone) this.#known.delete(key);
    if (gone.length > 0) this.#options.onChange({ set: [], removed: gone.map(parseKey) });
    this.#resourceVersion = version;
    this.#synced = true;
    this.#options.onSynced?.();
    return version === '' ? fault(`${this.#options.path} answers a list without a version`) : undefined;
  }

  async #watch(): Promise<ClusterFault | undefined> {
    const { watchSeconds, idleTimeout } = this.#limits;
    const startedAt = performance.now();
    let arrived = false;
    const failed = await watch(this.#connection, {
      path: this.#options.path,
      query: this.#query({
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: this.#resourceVersion,
        // Spread, so that the watches of all replicas do not end together.
        timeoutSeconds: String(Math.ceil(watchSeconds * (1 + Math.random()))),
      }),
      accept: this.#accept(''),
      signal: this.#stopped.signal,
      idleTimeout,
      onEvents: (events) => {
        if (this.#stopped.signal.aborted) return;
        arrived = true;
        this.#backoff.reset();
        this.#apply(events);
      },
    });
    if (failed !== undefined) return failed;
    if (arrived || performance.now() - startedAt >= shortWatch) this.#backoff.reset();
    else await this.#backoff.wait(this.#stopped.signal);
    return undefined;
  }

  /** Of several changes to one object the last counts; what is known already is not told again. */
  #apply(events: readonly WatchEvent[]): void {
    const set = new Map<string, Fields>();
    const removed = new Map<string, ObjectName>();
    for (const event of events) {
      if (event.type === 'bookmark') {
        this.#resourceVersion = event.resourceVersion || this.#resourceVersion;
        continue;
      }
      const name = nameOf(event.object);
      const key = keyOf(name);
      const version = resourceVersionOf(event.object);
      if (event.type === 'removed') {
        set.delete(key);
        if (this.#known.delete(key)) removed.set(key, name);
      } else if (this.#known.get(key) !== version || version === '') {
        removed.delete(key);
        this.#known.set(key, version);
        set.set(key, withoutBookkeeping(event.object));
      }
      // While a list is read there is no version to watch from.
      if (this.#resourceVersion !== '') this.#resourceVersion = version || this.#resourceVersion;
    }
    if (set.size === 0 && removed.size === 0) return;
    this.#options.onChange({ set: [...set.values()], removed: [...removed.values()] });
  }

  #query(more: Readonly<Record<string, string>>): URLSearchParams {
    const { labelSelector, fieldSelector } = this.#options;
    return new URLSearchParams({
      ...more,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    });
  }

  #accept(suffix: 'List' | ''): string {
    if (this.#options.metadataOnly !== true) return 'application/json';
    return `application/json;as=PartialObjectMetadata${suffix};g=meta.k8s.io;v=v1`;
  }
}

function nameOf({ metadata }: Fields): ObjectName {
  const { namespace = '', name = '' } = isRecord(metadata) ? metadata : {};
  return { namespace: String(namespace), name: String(name) };
}

function keyOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}

function parseKey(key: string): ObjectName {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The field managers' bookkeeping can be larger than the object, and decides nothing. */
function withoutBookkeeping(object: Fields): Fields {
  if (!isRecord(object.metadata) || object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
