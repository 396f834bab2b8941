import { delta } from '../../../../src/xds/protocol.ts';
import { StreamState } from '../../../../src/xds/stream-state.ts';
import type { Answer, Batch } from '../../../../src/xds/subscription.ts';
import type { View } from '../../../../src/xds/view.ts';

interface Asked {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly initialVersions?: Readonly<Record<string, string>>;
}

/** One delta stream without a connection: what it is asked and answered is said step by step. */
export class DeltaDriver {
  readonly #state;

  constructor(typeOrder: readonly string[], view: View, maxBatchBytes = 1000) {
    const state = new StreamState(delta, {
      typeOrder,
      view,
      maxBatchBytes,
      nackDelayMillis: 60_000,
      nackRetryMillis: 3_600_000,
    });
    this.#state = state;
    view.watch((changes) => state.changed(changes));
  }

  ask(typeUrl: string, { subscribe = [], unsubscribe = [], initialVersions = {} }: Asked = {}): void {
    this.#state.request({ typeUrl, subscribe, unsubscribe, initialVersions, nonce: '' });
  }

  reply({ typeUrl, nonce }: Pick<Batch, 'typeUrl' | 'nonce'>, error?: string): Answer | undefined {
    const detail = error === undefined ? {} : { error };
    return this.#state.request({ typeUrl, subscribe: [], unsubscribe: [], initialVersions: {}, nonce, ...detail });
  }

  next(): Batch | undefined {
    return this.#state.next();
  }

  /** The client accepts everything until nothing is left; what came, in order. */
  drain(): readonly (readonly string[])[] {
    const seen: (readonly string[])[] = [];
    for (let batch = this.next(); batch !== undefined; batch = this.next()) {
      seen.push(described(batch));
      this.reply(batch);
    }
    return seen;
  }
}

/** The type, `+NAME` for what is new, `-NAME` for what is gone. */
export function described({ typeUrl, changed, removed }: Batch): readonly string[] {
  return [typeUrl, ...changed.map(({ name }) => `+${name}`), ...removed.map((name) => `-${name}`)];
}
