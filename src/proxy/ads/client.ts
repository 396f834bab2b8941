import { status } from '@grpc/grpc-js';
import { packageVersion } from '../../lib/package-version.ts';
import { metrics } from '../../telemetry/catalogue.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { BootstrapSecret, ProxyBootstrap } from '../bootstrap.ts';
import { decodeResource } from '../config/decode.ts';
import {
  kindOfTypeUrl,
  type Resource,
  type ResourceKind,
  type ResourceSet,
  resourceKinds,
  typeUrlOf,
} from '../config/resources.ts';
import { isComplete, type Names, pruned, wantedNames } from './wanted.ts';
import { type Channel, connect, type DeltaResponse, type DeltaStream } from './wire.ts';

const userAgentVersion = packageVersion();
const firstRetryMillis = 100;
const lastRetryMillis = 2_000;
/** How long a change that names resources still under way is held back. */
const settleMillis = 2_000;
/** A removal may have been sent before the server saw that the name is wanted again. */
const absentMillis = 50;

export interface AdsOptions {
  readonly node: string;
  readonly server: NonNullable<ProxyBootstrap['ads']>;
  /** What it proves its identity with now; asked for each connection. */
  readonly secret: () => BootstrapSecret;
  /** What the proxy has already, from disk or static configuration. */
  readonly initial: ResourceSet;
  readonly registry: MetricsRegistry;
  readonly log: (line: string) => void;
  /** Called with each complete configuration. */
  readonly changed: (resources: ResourceSet) => void;
}

/**
 * A delta ADS client (xDS protocol, "Incremental xDS"). What was good stays whatever happens to the control plane; a
 * response with a bad resource is refused as a whole, with the reason.
 */
export class AdsClient {
  readonly #options: AdsOptions;
  #resources: ResourceSet;
  /** `KIND NAME` of what the control plane said does not exist. */
  readonly #absent = new Set<string>();
  #subscribed: Names | undefined;
  #channel: Channel | undefined;
  #stream: DeltaStream | undefined;
  #retryMillis = firstRetryMillis;
  #retry: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #settleDue = 0;
  #stopped = false;

  constructor(options: AdsOptions) {
    this.#options = options;
    this.#resources = options.initial;
    options.registry.gauge(metrics.controlPlaneConnected, () => (this.#connected ? 1 : 0));
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#settle);
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#channel?.close();
  }

  /** A channel that was closed cannot be asked. */
  get #connected(): boolean {
    return this.#stream !== undefined && this.#channel?.connected === true;
  }

  #connect(): void {
    const { node, server, secret } = this.#options;
    this.#channel = connect(server, secret());
    const stream = this.#channel.open();
    this.#stream = stream;
    this.#absent.clear();
    stream.on('data', (response: DeltaResponse) => {
      if (this.#stream === stream) this.#receive(response);
    });
    stream.on('error', (error: Error) => this.#lost(stream, error.message));
    stream.on('end', () => this.#lost(stream, 'the stream ended'));
    const wanted = wantedNames(node, this.#resources);
    this.#subscribed = wanted;
    for (const kind of resourceKinds) {
      if (wanted[kind].size === 0 && kind !== 'Workload') continue;
      this.#first(stream, kind, wanted[kind]);
    }
  }

  /** The first request for a type says which versions are here already. */
  #first(stream: DeltaStream, kind: ResourceKind, names: ReadonlySet<string>): void {
    const versions = Object.entries(this.#resources.versions(kind)).filter(
      ([name, version]) => names.has(name) && version !== '',
    );
    stream.write({
      node: { id: this.#options.node, userAgentName: 'smi-mesh-proxy', userAgentVersion },
      typeUrl: typeUrlOf(kind),
      resourceNamesSubscribe: [...names],
      initialResourceVersions: Object.fromEntries(versions),
    });
  }

  #lost(stream: DeltaStream, reason: string): void {
    if (this.#stream !== stream || this.#stopped) return;
    this.#stream = undefined;
    this.#channel?.close();
    const delay = this.#retryMillis * (0.5 + Math.random() / 2);
    this.#options.log(`control plane lost (${reason}), next attempt in ${Math.round(delay)} ms`);
    this.#retryMillis = Math.min(this.#retryMillis * 2, lastRetryMillis);
    this.#retry = setTimeout(() => this.#connect(), delay);
  }

  #receive(response: DeltaResponse): void {
    const { registry, log } = this.#options;
    const kind = kindOfTypeUrl(response.typeUrl);
    const result = kind === undefined ? `unknown type ${response.typeUrl}` : decodeAll(kind, response);
    const refused = typeof result === 'string' || kind === undefined;
    registry.counter(metrics.configUpdates, {
      result: refused ? 'rejected' : 'accepted',
    }).value++;
    this.#retryMillis = firstRetryMillis;
    if (refused) {
      log(`configuration refused: ${result}`);
      this.#answer(response, String(result));
      return;
    }
    this.#take(kind, result, response.removedResources);
    this.#answer(response, undefined);
    this.#follow();
  }

  #answer({ typeUrl, nonce }: DeltaResponse, fault: string | undefined): void {
    const errorDetail = fault === undefined ? {} : { errorDetail: { code: status.INVALID_ARGUMENT, message: fault } };
    this.#stream?.write({ typeUrl, responseNonce: nonce, ...errorDetail });
  }

  /** A node's own workload and secret are never taken away: without them nothing could go on. */
  #take(kind: ResourceKind, changed: readonly Resource[], removed: readonly string[]): void {
    for (const { name } of changed) this.#absent.delete(`${kind} ${name}`);
    for (const name of removed) this.#absent.add(`${kind} ${name}`);
    const kept = kind === 'Workload' || kind === 'Secret';
    this.#resources = this.#resources.with(changed, kept ? [] : removed.map((name) => ({ kind, name })));
  }

  /** Subscribes to what is named now, and publishes once it is all there. */
  #follow(): void {
    const wanted = wantedNames(this.#options.node, this.#resources);
    for (const kind of resourceKinds) this.#resubscribe(kind, wanted[kind]);
    this.#subscribed = wanted;
    if (isComplete(wanted, this.#resources, new Set())) this.#publish();
    else this.#publishWithin(isComplete(wanted, this.#resources, this.#absent) ? absentMillis : settleMillis);
  }

  #publishWithin(millis: number): void {
    const due = performance.now() + millis;
    if (this.#settle !== undefined && this.#settleDue <= due) return;
    clearTimeout(this.#settle);
    this.#settleDue = due;
    this.#settle = setTimeout(() => this.#publish(), millis);
  }

  #resubscribe(kind: ResourceKind, names: ReadonlySet<string>): void {
    const before = this.#subscribed?.[kind] ?? new Set();
    const added = [...names].filter((name) => !before.has(name));
    const gone = [...before].filter((name) => !names.has(name));
    if (added.length + gone.length === 0) return;
    for (const name of [...gone, ...added]) this.#absent.delete(`${kind} ${name}`);
    this.#stream?.write({
      typeUrl: typeUrlOf(kind),
      resourceNamesSubscribe: added,
      resourceNamesUnsubscribe: gone,
    });
  }

  #publish(): void {
    clearTimeout(this.#settle);
    this.#settle = undefined;
    const wanted = wantedNames(this.#options.node, this.#resources);
    if (this.#resources.get('Workload', this.#options.node) === undefined) return;
    this.#resources = pruned(wanted, this.#resources);
    this.#options.changed(this.#resources);
  }
}

/** All resources of a response, or the reasons why it is refused. */
function decodeAll(kind: ResourceKind, response: DeltaResponse): readonly Resource[] | string {
  const decoded: Resource[] = [];
  const faults: string[] = [];
  for (const { name, version, resource } of response.resources) {
    const result = decodeResource(resource?.type_url ?? '', resource?.value ?? new Uint8Array(), version);
    if (!result.ok) faults.push(result.error);
    else if (result.value.kind !== kind) faults.push(`${kind} ${name}: is of another type`);
    else if (result.value.name !== name) faults.push(`${kind} ${name}: is named ${result.value.name}`);
    else decoded.push(result.value);
  }
  return faults.length === 0 ? decoded : faults.join('; ');
}
