import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { type Authority, renewalTime, type Svid } from '../identity/authority.ts';
import type { SpiffeId } from '../lib/spiffe.ts';

export interface CredentialOptions {
  readonly authority: Authority;
  readonly lifetimeSeconds: number;
  /** A holder has a new credential. */
  readonly onIssued: (holder: string, identity: SpiffeId, svid: Svid) => void;
  /** SMI6004: it goes on with what it has. */
  readonly onFailed: (finding: Diagnostic) => void;
}

/** What a holder is to prove. */
interface Wanted {
  readonly identity: SpiffeId;
  /** Of a server: its host names and addresses. */
  readonly hosts: readonly string[];
}

interface Held {
  readonly identity: SpiffeId;
  readonly svid: Svid;
  readonly renewAt: number;
}

/** Renewed when half of their life is over, looked at ten times in that time and at least once a minute. */
const renewalShare = 0.5;
const maxLookMillis = 60_000;

/**
 * Gives holders (proxies, the server itself) a credential each and renews it as long as they are wanted. When the roots of the
 * trust domain change, all of them have the new ones at once, with the certificates that they hold.
 */
export class Credentials {
  readonly #options: CredentialOptions;
  readonly #held = new Map<string, Held>();
  readonly #wanted = new Map<string, Wanted>();
  readonly #issuing = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  readonly #forgetAuthority: () => void;

  constructor(options: CredentialOptions) {
    this.#options = options;
    const lookMillis = Math.min(maxLookMillis, options.lifetimeSeconds * 1000 * renewalShare * 0.1);
    this.#timer = setInterval(() => this.#renew(), lookMillis);
    this.#forgetAuthority = options.authority.onTrustChange(() => this.#trustAnew());
  }

  /** A holder needs a credential of this identity from now on; it comes through `onIssued`. */
  want(holder: string, identity: SpiffeId, hosts: readonly string[] = []): void {
    const wanted = { identity, hosts };
    this.#wanted.set(holder, wanted);
    this.#provide(holder, wanted);
  }

  /** It is no longer renewed; what it has stays good for a holder that comes back soon. */
  release(holder: string): void {
    this.#wanted.delete(holder);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#forgetAuthority();
    this.#wanted.clear();
  }

  #renew(): void {
    for (const [holder, { renewAt }] of this.#held) if (Date.now() >= renewAt) this.#held.delete(holder);
    for (const [holder, wanted] of this.#wanted) this.#provide(holder, wanted);
  }

  #trustAnew(): void {
    const { authority, onIssued } = this.#options;
    for (const [holder, { identity, svid, renewAt }] of this.#held) {
      if (!this.#wanted.has(holder)) {
        this.#held.delete(holder);
        continue;
      }
      const trusting = { ...svid, trustBundle: authority.trustBundle };
      this.#held.set(holder, { identity, svid: trusting, renewAt });
      onIssued(holder, identity, trusting);
    }
  }

  #provide(holder: string, { identity, hosts }: Wanted): void {
    const held = this.#held.get(holder);
    if (this.#issuing.has(holder) || (held?.identity === identity && Date.now() < held.renewAt)) return;
    const { authority, lifetimeSeconds, onIssued, onFailed } = this.#options;
    this.#issuing.add(holder);
    authority
      .issue(identity, { lifetimeSeconds, hosts })
      .then((issued) => {
        if (this.#wanted.get(holder)?.identity !== identity) return;
        // The roots may have changed while it was made.
        const svid = { ...issued, trustBundle: authority.trustBundle };
        this.#held.set(holder, { identity, svid, renewAt: renewalTime(svid, renewalShare) });
        onIssued(holder, identity, svid);
      })
      .catch((error: unknown) => {
        const because = error instanceof Error ? error.message : String(error);
        onFailed(diagnostic('SMI6004', { message: `no certificate for ${holder || 'this server'}: ${because}` }));
      })
      .finally(() => {
        this.#issuing.delete(holder);
        const latest = this.#wanted.get(holder);
        if (latest !== undefined && latest.identity !== identity) this.#provide(holder, latest);
      });
  }
}
