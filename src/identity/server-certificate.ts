import type { SpiffeId } from '../lib/spiffe.ts';
import type { Authority, Svid } from './authority.ts';

export interface ServerCertificateOptions {
  readonly authority: Authority;
  readonly identity: SpiffeId;
  readonly hosts: readonly string[];
  readonly lifetimeSeconds: number;
  /** Connections from now on are to see this one. */
  readonly use: (svid: Svid) => void;
}

const renewalShare = 0.5;
const retryMillis = 30_000;
/** Longest time that a timer can wait is 2^31 milliseconds. */
const longestWait = 86_400_000;

/** A server's own certificate, renewed at half of its life and whenever the roots change. Rejects when the first cannot be made. */
export async function startServerCertificate(options: ServerCertificateOptions): Promise<{ stop(): void }> {
  const { authority, identity, hosts, lifetimeSeconds, use } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const later = (millis: number) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(renew, Math.min(millis, longestWait)).unref();
  };
  const make = async () => {
    const svid = await authority.issue(identity, { hosts, lifetimeSeconds });
    if (!stopped) use(svid);
    later(lifetimeSeconds * 1000 * renewalShare);
  };
  const renew = () => void make().catch(() => later(retryMillis));
  await make();
  const forget = authority.onTrustChange(renew);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      forget();
    },
  };
}
