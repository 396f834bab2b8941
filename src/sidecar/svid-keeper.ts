import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Svid } from '../identity/authority.ts';
import { backdateSeconds } from '../identity/certificate.ts';
import { awaitSvid, type SvidRequestOptions } from '../identity/client.ts';
import { identityOf, type SvidFiles } from './svid-files.ts';

export interface SvidKeeperOptions {
  readonly request: SvidRequestOptions;
  readonly files: SvidFiles;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Milliseconds since 1970; the system's unless told otherwise. */
  readonly clock?: () => number;
  /** How often it looks whether it is time to renew, in milliseconds. */
  readonly lookMillis?: number;
}

/** Renewed when this share of the life is over, more or less, so that the pods of a node do not ask together. */
const renewalShare = 0.5;
const spread = 0.1;
const soonest = 0.1;
const defaultLook = 10_000;

/**
 * The certificate of a pod, from its token: what was kept by an earlier run of the container as long as it is valid, otherwise
 * a new one; renewed from then on. While the control plane is away, the last one stays.
 */
export class SvidKeeper {
  readonly #options: SvidKeeperOptions;
  readonly #clock: () => number;

  constructor(options: SvidKeeperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  /** The one to begin with; nothing when it was told to end before there is one. */
  async first(): Promise<Svid | undefined> {
    const { files, log } = this.#options;
    const kept = files.read(this.#clock());
    if (kept !== undefined) {
      log(`certificate kept by an earlier run is valid until ${expiry(kept).toISOString()}`);
      return kept;
    }
    return await this.#obtain();
  }

  /** Renews until it is told to end; `onSvid` has each new one after it is kept. */
  async renew(current: Svid, onSvid: (svid: Svid) => void): Promise<void> {
    const { signal, lookMillis = defaultLook } = this.#options;
    let due = this.#dueAt(current);
    while (!signal.aborted) {
      // Looked at often rather than slept through: a machine that was suspended, or a clock that was set, is noticed.
      if (this.#clock() < due) {
        await delay(lookMillis, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const svid = await this.#obtain();
      if (svid === undefined) return;
      // Where the clock here is so wrong that a new certificate looks old, it must not be asked for again and again.
      due = Math.max(this.#dueAt(svid), this.#clock() + lifeOf(svid) * soonest);
      onSvid(svid);
    }
  }

  async #obtain(): Promise<Svid | undefined> {
    const { request, files, signal, log } = this.#options;
    const svid = await awaitSvid({
      ...request,
      signal,
      onRetry: ({ because }, millis) =>
        log(`waiting for a certificate: ${because}; next attempt in ${(millis / 1000).toFixed(1)} s`),
    });
    if (svid === undefined) return undefined;
    files.write(svid);
    log(`certificate of ${identityOf(svid.certificateChain)} until ${expiry(svid).toISOString()}`);
    return svid;
  }

  #dueAt(svid: Svid): number {
    const share = renewalShare + spread * (Math.random() - 0.5);
    return expiry(svid).getTime() - lifeOf(svid) * (1 - share);
  }
}

/** In milliseconds, without what was added at its beginning. */
function lifeOf({ certificateChain }: Svid): number {
  const { validFromDate, validToDate } = new X509Certificate(certificateChain);
  return Math.max(validToDate.getTime() - validFromDate.getTime() - backdateSeconds * 1000, 0);
}

function expiry({ certificateChain }: Svid): Date {
  return new X509Certificate(certificateChain).validToDate;
}
