import type { Artifact } from '../adapter/contract.ts';
import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { ProxyState, XdsEvent } from '../xds/contract.ts';
import type { XdsServer } from '../xds/server.ts';
import type { View, XdsResource } from '../xds/view.ts';
import { located } from './located.ts';
import type { ControlPlaneMessage } from './messages.ts';
import { ControlMetrics } from './metrics.ts';
import type { SourceLoad } from './object-source.ts';
import { diagnose } from './refusals/diagnosis.ts';
import { ObjectHistory } from './refusals/object-history.ts';
import type { Fault, ProxyRefusal, RefusedVersion, RefusingProxy } from './refusals/refusal.ts';
import { ResourceHistory } from './refusals/resource-history.ts';
import { RefusalTracker } from './refusals/tracker.ts';
import type { RolloutStart } from './rollouts/rollout.ts';
import { RolloutTracker } from './rollouts/tracker.ts';

export interface DeliveryOptions {
  readonly server: () => XdsServer | undefined;
  readonly artifactOf: (resource: XdsResource) => Artifact | undefined;
  readonly onEvent: (event: Extract<ControlPlaneMessage, { readonly type: 'finding' | 'nack' | 'recovered' }>) => void;
}

type Nack = Extract<XdsEvent, { readonly kind: 'nack' }>;

/** Proxies' words are cut to so many characters. */
const maxDetail = 2_000;

/** What became of what was published: which proxy has it, which refuses it, and which line is at fault. */
export class Delivery {
  readonly rollouts: RolloutTracker;
  readonly refusals: RefusalTracker;
  readonly metrics: ControlMetrics;
  readonly objects = new ObjectHistory();
  readonly resources: ResourceHistory;
  readonly #options: DeliveryOptions;
  #load: SourceLoad | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.resources = new ResourceHistory(options.artifactOf);
    this.rollouts = new RolloutTracker({
      onLanded: (rollout) => this.metrics.landed(rollout),
    });
    this.refusals = new RefusalTracker({
      find: (about, proxy) => this.#find(about, proxy),
      onRefused: (refusal, again) => this.#tell(refusal, again),
      onOver: ({ id, resources }) =>
        options.onEvent({ type: 'recovered', id, resources: resources.map(({ resource }) => resource) }),
    });
    this.metrics = new ControlMetrics({
      streams: () => options.server()?.counters().streams ?? 0,
      proxies: () => this.rollouts.connectedNodes,
      behind: () => this.rollouts.missing(Number.POSITIVE_INFINITY).length,
      refusals: () => this.refusals.standing.length,
    });
  }

  /** What is in force after a load, before it is published. */
  loaded(load: SourceLoad): void {
    this.#load = load;
    this.objects.record(load);
  }

  /** Every view holds it now. */
  published(start: RolloutStart): void {
    this.resources.generation = start.generation;
    this.metrics.compiled(start.cause, start.compiledAt - start.startedAt);
    this.rollouts.published(start);
    // What is gone is never answered by those that did not have it.
    for (const node of this.refusals.nodes) {
      this.refusals.recheck(node, ({ typeUrl, resource }) =>
        this.#proxiesOf(node).some(({ view }) => view.get(typeUrl).has(resource)),
      );
    }
  }

  /** A view that a proxy is given. */
  watch(view: View): void {
    this.resources.watch(view);
  }

  observe(event: XdsEvent): void {
    this.metrics.observe(event);
    const { node } = event;
    switch (event.kind) {
      case 'connected':
        this.rollouts.connected(node);
        return;
      case 'disconnected':
        this.#disconnected(node);
        return;
      case 'sent':
        this.rollouts.sent(node);
        return;
      case 'ack':
        this.rollouts.answered(node);
        this.#recheck(node);
        return;
      case 'nack':
        this.rollouts.answered(node);
        this.#refused(event);
        this.#recheck(node);
    }
  }

  stop(): void {
    this.rollouts.stop();
  }

  /** A finding beside those of a load. */
  report(...findings: Parameters<typeof located>[0]): void {
    for (const found of located(findings, this.#load?.locate ?? (() => undefined))) {
      this.#options.onEvent({ type: 'finding', diagnostic: found });
    }
  }

  #proxiesOf(node: string): readonly ProxyState[] {
    return this.#options.server()?.proxiesOf(node) ?? [];
  }

  #disconnected(node: string): void {
    const others = this.#proxiesOf(node);
    if (others.length === 0) this.rollouts.disconnected(node);
    else
      this.rollouts.streamClosed(
        node,
        others.flatMap(({ types }) => types.flatMap((type) => type.inFlight ?? [])).length,
      );
    this.#recheck(node);
  }

  #recheck(node: string): void {
    this.refusals.recheck(node, (about) => this.#proxiesOf(node).some((proxy) => refuses(proxy, about)));
  }

  #refused({ node, typeUrl, names, certain, detail }: Nack): void {
    const words = detail.slice(0, maxDetail);
    if (names.length === 0) {
      this.report(
        diagnostic('SMI5101', { message: `the proxy of ${node} refused a response without resources: ${words}` }),
      );
    } else if (certain) {
      const types = this.#proxiesOf(node).flatMap((proxy) => proxy.types.filter((type) => type.typeUrl === typeUrl));
      for (const resource of names) {
        const version = types.flatMap(({ refused }) => refused.find(({ name }) => name === resource) ?? [])[0]?.version;
        if (version === undefined) continue;
        const kept = types.flatMap(({ acked }) => acked.get(resource) ?? [])[0];
        const proxy = { node, since: Date.now(), ...(kept === undefined ? {} : { keeps: kept }), detail: words };
        this.refusals.refused({ typeUrl, resource, version }, proxy);
      }
    }
  }

  #find({ typeUrl, resource, version }: RefusedVersion, proxy: RefusingProxy): Fault {
    const view = this.#proxiesOf(proxy.node).find(({ types }) => types.some((type) => type.typeUrl === typeUrl))?.view;
    const revision = (of: string) => this.resources.find(view, typeUrl, resource, of);
    return diagnose({
      about: { typeUrl, resource, version },
      proxy,
      refused: revision(version),
      kept: proxy.keeps === undefined ? undefined : revision(proxy.keeps),
      objects: this.objects,
      locate: this.#load?.locate ?? (() => undefined),
    });
  }

  #tell({ id, resources, object, diagnostic: found, related, proxies }: ProxyRefusal, again: boolean): void {
    const [first] = proxies;
    const typeUrl = resources[0]?.typeUrl ?? '';
    const { onEvent } = this.#options;
    onEvent({
      type: 'nack',
      id,
      workload: first?.node ?? '',
      typeUrl,
      resources: resources.map(({ resource }) => resource),
      detail: first?.detail ?? '',
      origins: [...(found.origin === undefined ? [] : [found.origin]), ...related],
    });
    if (again) return;
    this.metrics.refused(typeUrl, object);
    onEvent({ type: 'finding', diagnostic: found });
  }
}

/** Whether a proxy refuses just this version, and would be sent it otherwise. */
function refuses({ types, view }: ProxyState, { typeUrl, resource, version }: RefusedVersion): boolean {
  if (view.get(typeUrl).get(resource)?.version !== version) return false;
  const type = types.find((each) => each.typeUrl === typeUrl);
  return type?.refused.some((each) => each.name === resource && each.version === version) === true;
}
