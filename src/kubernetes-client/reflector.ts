import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { Backoff, type BackoffLimits } from './backoff.ts';
import type { StreamingConnection } from './connect.ts';
import { type ClusterFault, fault } from './fault.ts';
import { versionNumber } from './resource-version.ts';
import { resourceVersionOf, type WatchEvent, watch } from './watch-stream.ts';
import { withLastWriter } from './writer.ts';

export interface ObjectName {
  /** Empty for objects of the cluster. */
  readonly namespace: string;
  readonly name: string;
}

export interface ReflectedChange {
  /** Objects that are new or different, with no more of `metadata.managedFields` than the last writer; those of a list carry no apiVersion and kind. */
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
  /** Settles when `onChange` has told of everything that was written before; what hindered it, if anything did. */
  catchUp(signal: AbortSignal): Promise<ClusterFault | undefined>;
  /** Nothing is called any more afterwards. */
  stop(): void;
}

const defaults: ReflectorLimits = {
  pageSize: 500,
  objects: 200_000,
  idleTimeout: 150_000,
  watchSeconds: 300,
  backoff: { base: 500, max: 10_000 },
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
  #listedAt = Number.NEGATIVE_INFINITY;
  /** The version up to which everything has been told. */
  #progress = 0n;
  #told = Promise.withResolvers<void>();

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
    this.#tell();
  }

  async catchUp(signal: AbortSignal): Promise<ClusterFault | undefined> {
    const versions = new Map<string, bigint>();
    const listed = await this.#pages('PartialObjectMetadataList', signal, (items) => {
      for (const item of items) versions.set(keyOf(nameOf(item)), versionNumber(resourceVersionOf(item)));
    });
    if (!listed.ok) return listed.error;
    const latest = [...versions.values()].reduce((a, b) => (a > b ? a : b), 0n);
    const asOf = versionNumber(listed.value);
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const isStale = ([key, version]: [string, string]) => !versions.has(key) && versionNumber(version) <= asOf;
    while (this.#progress < latest || [...this.#known].some(isStale)) {
      await Promise.race([this.#told.promise, aborted]);
      if (signal.aborted || this.#stopped.signal.aborted) return fault(`${this.#options.path} was not waited for`);
    }
    return undefined;
  }

  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const failed = this.#resourceVersion === '' ? await this.#list() : await this.#watch();
      if (signal.aborted) return;
      if (failed === undefined) continue;
      if (failed.status === 410) this.#forget();
      this.#options.onFault?.(failed);
      await this.#backoff.wait(signal, failed.retryAfter);
    }
  }

  /** An apiserver that says so is there again, however long it was away; one that says so of a new list is waited for. */
  #forget(): void {
    const watched = this.#resourceVersion !== '';
    this.#resourceVersion = '';
    if (watched && performance.now() - this.#listedAt > this.#limits.backoff.max) this.#backoff.reset();
  }

  async #list(): Promise<ClusterFault | undefined> {
    const { signal } = this.#stopped;
    const seen = new Set<string>();
    const listed = await this.#pages(this.#form('List'), signal, (items) => {
      for (const item of items) seen.add(keyOf(nameOf(item)));
      this.#apply(items.map((object) => ({ type: 'set', object })));
    });
    if (signal.aborted) return undefined;
    if (!listed.ok) return listed.error;
    const gone = [...this.#known.keys()].filter((key) => !seen.has(key));
    for (const key of gone) this.#known.delete(key);
    if (gone.length > 0) this.#options.onChange({ set: [], removed: gone.map(parseKey) });
    this.#resourceVersion = listed.value;
    this.#listedAt = performance.now();
    this.#progress = versionNumber(listed.value);
    this.#synced = true;
    this.#tell();
    this.#options.onSynced?.();
    return listed.value === '' ? fault(`${this.#options.path} answers a list without a version`) : undefined;
  }

  /** Hands over the whole list, page by page; the version that it is of. */
  async #pages(
    form: string,
    signal: AbortSignal,
    onPage: (items: readonly Fields[]) => void,
  ): Promise<Result<string, ClusterFault>> {
    const { pageSize, objects } = this.#limits;
    let count = 0;
    let token = '';
    for (;;) {
      const query = this.#query({ limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
      const page = await this.#connection.get(`${this.#options.path}?${query}`, { accept: accepting(form), signal });
      if (!page.ok || signal.aborted) return page.ok ? ok('') : page;
      const { items: listed, metadata } = isRecord(page.value) ? page.value : {};
      // An empty list of metadata is null.
      const items = listed ?? [];
      if (!Array.isArray(items) || !isRecord(metadata)) return err(fault(`${this.#options.path} answers no list`));
      count += items.length;
      if (count > objects) return err(fault(`${this.#options.path} has more than ${objects} objects`));
      onPage(items.filter(isRecord));
      token = typeof metadata.continue === 'string' ? metadata.continue : '';
      if (token === '') return ok(typeof metadata.resourceVersion === 'string' ? metadata.resourceVersion : '');
    }
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
      accept: accepting(this.#form('')),
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
        set.set(key, withLastWriter(event.object));
      }
      // While a list is read there is no version to watch from.
      if (this.#resourceVersion !== '') this.#resourceVersion = version || this.#resourceVersion;
    }
    if (set.size > 0 || removed.size > 0) {
      this.#options.onChange({ set: [...set.values()], removed: [...removed.values()] });
    }
    if (this.#resourceVersion !== '') this.#progress = versionNumber(this.#resourceVersion);
    this.#tell();
  }

  #query(more: Readonly<Record<string, string>>): URLSearchParams {
    const { labelSelector, fieldSelector } = this.#options;
    return new URLSearchParams({
      ...more,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    });
  }

  #form(suffix: 'List' | ''): string {
    return this.#options.metadataOnly === true ? `PartialObjectMetadata${suffix}` : '';
  }

  #tell(): void {
    this.#told.resolve();
    this.#told = Promise.withResolvers<void>();
  }
}

/** Empty: the objects as they are. */
function accepting(form: string): string {
  return form === '' ? 'application/json' : `application/json;as=${form};g=meta.k8s.io;v=v1`;
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
