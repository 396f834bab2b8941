import type { ObjectKey } from '../../../diagnostics/origin.ts';
import type { StreamingConnection } from '../../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../../kubernetes-client/fault.ts';
import { pause } from '../../../lib/pause.ts';
import type { MeshModel } from '../../../model/types.ts';
import { located } from '../../located.ts';
import { type Log, Repeated } from '../log.ts';
import type { BridgeProgress, BridgeState } from './bridge-state.ts';
import type { BridgeTarget, BridgeTranslation } from './contract.ts';
import { concernedBy, type Desired, desiredObjects, ownerSelector } from './desired.ts';
import { ObjectWriter, pauseAfter } from './object-writer.ts';
import { describeTarget, type TargetKey, TargetObjects } from './target-objects.ts';

/** Changes that come together are translated together, in milliseconds; longer when translating takes longer. */
const shortestWindow = 50;
/** Of the time, at most a quarter goes into translating. */
const restPerWork = 3;
/** Objects that are written at the same time. */
const writesAtATime = 8;
/** Before kinds that the cluster does not serve are looked for again, in milliseconds. */
const discoveryMillis = 10_000;
/** Without a change, in milliseconds: what failed is tried again, each object after its own pause. */
const lookMillis = 1_000;

interface Translated extends BridgeTranslation {
  readonly model: MeshModel;
  readonly desired: ReadonlyMap<TargetKey, Desired>;
  /** In the time of `performance.now()`. */
  readonly goodUntil: number;
}

/** Makes the cluster hold the objects of a translation and no others of the bridge's own. */
export class Bridge {
  readonly #target: BridgeTarget;
  readonly #state: BridgeState;
  readonly #log: Log;
  readonly #objects: TargetObjects;
  readonly #writer: ObjectWriter;
  readonly #repeated = new Repeated();
  #wake = Promise.withResolvers<void>();
  #translated: Translated | undefined;
  /** How often in a row the adapter could not be asked. */
  #failures = 0;
  #discoveredAt = Number.NEGATIVE_INFINITY;

  constructor(connection: StreamingConnection, target: BridgeTarget, log: Log, state: BridgeState) {
    this.#target = target;
    this.#state = state;
    this.#log = log;
    this.#objects = new TargetObjects(connection, {
      kinds: target.kinds,
      labelSelector: ownerSelector(target.id),
      onChange: () => this.changed(),
      onFault: (fault) => this.#failed(fault),
    });
    this.#writer = new ObjectWriter(connection, this.#objects, target, log);
  }

  /** Something may be different: the model, or the objects in the cluster. */
  changed(): void {
    this.#wake.resolve();
  }

  async run(model: () => MeshModel | undefined, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers<void>();
      const startedAt = performance.now();
      await this.#discover();
      const current = model();
      // What is not known to be unwanted is not removed: nothing is done before everything has been listed.
      if (current !== undefined && this.#objects.synced && !signal.aborted) await this.#reconcile(current, signal);
      const worked = performance.now() - startedAt;
      await pause(Math.max(shortestWindow, worked * restPerWork), signal);
      await Promise.race([this.#wake.promise, pause(lookMillis, signal)]);
    }
  }

  stop(): void {
    this.#objects.stop();
  }

  async #discover(): Promise<void> {
    const now = performance.now();
    const known = Number.isFinite(this.#discoveredAt);
    if (known && (!this.#objects.incomplete || now - this.#discoveredAt < discoveryMillis)) return;
    const failed = await this.#objects.discover();
    if (failed === undefined) this.#discoveredAt = now;
    else this.#failed(failed);
  }

  async #reconcile(model: MeshModel, signal: AbortSignal): Promise<void> {
    const translated = await this.#translate(model, signal);
    if (signal.aborted) return;
    if (translated.refusals.length === 0) await this.#write(translated, signal);
    this.#state.set(this.#progressOf(translated));
  }

  async #translate(model: MeshModel, signal: AbortSignal): Promise<Translated> {
    if (this.#translated?.model === model && performance.now() < this.#translated.goodUntil) return this.#translated;
    const translation = await this.#target.translate(model, signal);
    for (const { code, message } of translation.refusals) {
      if (!signal.aborted && this.#repeated.isNews(message))
        this.#log.error('the mesh is not translated', { code, because: message });
    }
    const desired = desiredObjects(this.#target.id, translation.artifacts);
    // What the adapter refuses stays refused; one that failed may have been ended, or be back soon.
    const failed = translation.refusals.some(({ code }) => code === 'SMI5006');
    this.#failures = failed ? this.#failures + 1 : 0;
    const goodUntil = failed ? performance.now() + pauseAfter(this.#failures) : Number.POSITIVE_INFINITY;
    this.#translated = { ...translation, model, desired, goodUntil };
    return this.#translated;
  }

  /** Writes before removals: what takes the place of something is there before it goes. */
  async #write({ desired }: Translated, signal: AbortSignal): Promise<void> {
    const due = [...desired].filter(([key, wanted]) => this.#writer.isDue(key, wanted));
    await eachOf(due, signal, ([key, wanted]) => this.#writer.apply(key, wanted));
    const unwanted = [...this.#objects.own].filter(([key]) => !desired.has(key));
    await eachOf(unwanted, signal, ([key, live]) => this.#writer.remove(key, live));
    this.#writer.forget((key) => desired.has(key));
  }

  #progressOf({ desired, findings, refusals }: Translated): BridgeProgress {
    const failures = new Map<ObjectKey, string>();
    const pending = new Set<ObjectKey>();
    for (const [key, wanted] of desired) {
      const because = this.#writer.failureOf(key);
      for (const object of because === undefined ? wanted.from : concernedBy(wanted, desired)) {
        if (because !== undefined) failures.set(object, `${describeTarget(key)}: ${because}`);
        else if (!this.#writer.has(key, wanted)) pending.add(object);
      }
    }
    const all = refusals.length > 0 || this.#target.dryRun;
    return { failures, pending: all ? 'all' : pending, findings: located([...refusals, ...findings], () => undefined) };
  }

  #failed({ diagnostic, status }: ClusterFault): void {
    if (status === 404) this.#discoveredAt = Number.NEGATIVE_INFINITY;
    if (this.#repeated.isNews(diagnostic.message)) this.#log.warn(diagnostic.message, { code: diagnostic.code });
  }
}

/** All of them, some at a time, begun in their order; none any more once another replica leads. */
async function eachOf<T>(items: readonly T[], signal: AbortSignal, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) {
      if (signal.aborted) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(writesAtATime, items.length) }, worker));
}
