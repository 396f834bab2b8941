import { clusterNamespaces, injectLabel, podAnnotations, systemNames, trustBundle } from '../kubernetes/names.ts';
import { Backoff } from '../kubernetes-client/backoff.ts';
import type { StreamingConnection } from '../kubernetes-client/connect.ts';
import { type ReflectedChange, type ReflectorOptions, startReflector } from '../kubernetes-client/reflector.ts';
import { serverSideApply } from '../kubernetes-client/write.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { Authority } from './authority.ts';

export interface TrustBundleTaskOptions {
  readonly authority: Authority;
  /** Of the control plane: none of its pods has a sidecar. */
  readonly systemNamespace: string;
  readonly log: (line: string) => void;
  /** How often it looks whether the last injected pod of a namespace that opted out is gone, in milliseconds. */
  readonly lookMillis?: number;
}

/** Work of the leader: the roots of the mesh in every namespace whose pods may have sidecars. */
export interface TrustBundleTask {
  readonly name: string;
  run(connection: StreamingConnection, signal: AbortSignal): Promise<void>;
}

const fieldManager = systemNames.controller;
const defaultLook = 60_000;
/** Requests under way at the same time. */
const atOnce = 8;

/**
 * Keeps the ConfigMap with the roots in every namespace that is labelled for injection, or has a pod that is; takes it away when
 * neither is so any more and the last pod with a sidecar has gone.
 */
export function trustBundleTask(options: TrustBundleTaskOptions): TrustBundleTask {
  return {
    name: 'trust-bundles',
    async run(connection, signal) {
      const bundles = new TrustBundles(connection, options);
      try {
        await bundles.run(signal);
      } finally {
        bundles.stop();
      }
    },
  };
}

class TrustBundles {
  readonly #connection: StreamingConnection;
  readonly #options: TrustBundleTaskOptions;
  readonly #stops: (() => void)[] = [];
  readonly #labelled = new Set<string>();
  readonly #terminating = new Set<string>();
  /** `NAMESPACE/POD` of pods that ask for a sidecar by themselves. */
  readonly #chosen = new Set<string>();
  /** By namespace: the roots that stand there. */
  readonly #standing = new Map<string, string>();
  #unsynced = 3;
  #wake: () => void = () => {};

  constructor(connection: StreamingConnection, options: TrustBundleTaskOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#follow({ path: '/api/v1/namespaces', metadataOnly: true }, (change) => this.#namespaces(change));
    const chosen = { path: '/api/v1/pods', metadataOnly: true, labelSelector: `${injectLabel}=enabled` };
    this.#follow(chosen, ({ set, removed }) => {
      for (const object of set) this.#chosen.add(keyOf(metadataOf(object)));
      for (const name of removed) this.#chosen.delete(keyOf({ ...name }));
    });
    const maps = { path: '/api/v1/configmaps', fieldSelector: `metadata.name=${trustBundle.configMap}` };
    this.#follow(maps, ({ set, removed }) => {
      for (const object of set) this.#standing.set(String(metadataOf(object).namespace), rootsIn(object));
      for (const { namespace } of removed) this.#standing.delete(namespace);
    });
    this.#stops.push(options.authority.onTrustChange(() => this.#wake()));
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ base: 500, max: 30_000 });
    while (!signal.aborted) {
      const changed = this.#change(signal);
      const done = this.#unsynced > 0 || (await this.#reconcile());
      if (!done) await backoff.wait(signal);
      else {
        backoff.reset();
        await changed;
      }
    }
  }

  /** Resolves with the next change from now on. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, this.#options.lookMillis ?? defaultLook);
      signal.addEventListener('abort', done);
      this.#wake = done;
      if (signal.aborted) done();
    });
  }

  #follow(
    where: Pick<ReflectorOptions, 'path' | 'metadataOnly' | 'labelSelector' | 'fieldSelector'>,
    onChange: (change: ReflectedChange) => void,
  ): void {
    let first = true;
    const reflector = startReflector(this.#connection, {
      ...where,
      onChange: (change) => {
        onChange(change);
        this.#wake();
      },
      onSynced: () => {
        if (first) this.#unsynced -= 1;
        first = false;
        this.#wake();
      },
      onFault: ({ diagnostic }) => this.#options.log(`trust bundles: ${diagnostic.message}`),
    });
    this.#stops.push(() => reflector.stop());
  }

  #namespaces({ set, removed }: ReflectedChange): void {
    for (const object of set) {
      const { name, labels, deletionTimestamp } = metadataOf(object);
      const label = isRecord(labels) ? labels[injectLabel] : undefined;
      put(this.#labelled, String(name), label === 'enabled');
      put(this.#terminating, String(name), deletionTimestamp !== undefined);
    }
    for (const { name } of removed) {
      this.#labelled.delete(name);
      this.#terminating.delete(name);
    }
  }

  /** Whether everything is as it should be now; what is not is tried again. */
  async #reconcile(): Promise<boolean> {
    const roots = this.#options.authority.trustBundle;
    const never = new Set<string>([...clusterNamespaces, this.#options.systemNamespace]);
    const named = [...this.#labelled, ...[...this.#chosen].map((key) => key.slice(0, key.indexOf('/')))];
    const wanted = new Set(named.filter((name) => !never.has(name) && !this.#terminating.has(name)));
    const late = [...wanted].filter((name) => this.#standing.get(name) !== roots);
    const over = [...this.#standing.keys()].filter((name) => !wanted.has(name) && !this.#terminating.has(name));
    const applied = await inTurns(late, (name) => this.#apply(name, roots));
    const removed = await inTurns(over, (name) => this.#remove(name));
    return applied && removed;
  }

  async #apply(namespace: string, roots: string): Promise<boolean> {
    const labels = { 'app.kubernetes.io/name': 'smi-mesh', 'app.kubernetes.io/managed-by': systemNames.controller };
    const metadata = { name: trustBundle.configMap, namespace, labels };
    const data = { [trustBundle.key]: roots };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    const answer = await serverSideApply(this.#connection, object, { fieldManager, force: true });
    if (answer.ok) this.#standing.set(namespace, roots);
    // A namespace that has just gone is not known to be gone yet.
    else if (answer.error.status !== 404)
      this.#options.log(`trust bundle of ${namespace}: ${answer.error.diagnostic.message}`);
    return answer.ok || answer.error.status === 404;
  }

  async #remove(namespace: string): Promise<boolean> {
    const pods = await this.#connection.get(`/api/v1/namespaces/${namespace}/pods`, { accept: metadataList });
    if (!pods.ok) return false;
    const items = isRecord(pods.value) && Array.isArray(pods.value.items) ? pods.value.items : [];
    if (items.some((pod) => isInjected(metadataOf(pod)))) return true;
    const path = `/api/v1/namespaces/${namespace}/configmaps/${trustBundle.configMap}`;
    const answer = await this.#connection.send('DELETE', path);
    return answer.ok || answer.error.status === 404;
  }
}

const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

async function inTurns(names: readonly string[], work: (name: string) => Promise<boolean>): Promise<boolean> {
  let all = true;
  for (let at = 0; at < names.length; at += atOnce) {
    const done = await Promise.all(names.slice(at, at + atOnce).map(work));
    all &&= done.every(Boolean);
  }
  return all;
}

function isInjected({ annotations }: Fields): boolean {
  return isRecord(annotations) && annotations[podAnnotations.injected] !== undefined;
}

function rootsIn(object: Fields): string {
  const roots = isRecord(object.data) ? object.data[trustBundle.key] : undefined;
  return typeof roots === 'string' ? roots : '';
}

function metadataOf(object: unknown): Fields {
  return isRecord(object) && isRecord(object.metadata) ? object.metadata : {};
}

function keyOf({ namespace, name }: Fields): string {
  return `${namespace}/${name}`;
}

function put(set: Set<string>, name: string, member: boolean): void {
  if (member) set.add(name);
  else set.delete(name);
}
