import type { Result } from '../../lib/result.ts';

/** How a connected proxy stands to what it should have. */
export interface ProxyStanding {
  /** `NAMESPACE/POD`. */
  readonly node: string;
  readonly state: 'synced' | 'waiting' | 'refused';
  /** Since when it lacks something, in milliseconds since 1970. */
  readonly since?: number;
  /** In its words, and what is at fault where that is known. */
  readonly refused: readonly {
    readonly resource: string;
    readonly detail: string;
    readonly diagnostic?: { readonly message: string; readonly hint: string };
  }[];
}

/** What all replicas of the control plane say of their proxies, or why nobody can be asked. */
export type AskProxies = () => Promise<
  Result<{ readonly proxies: readonly ProxyStanding[]; readonly absent: readonly string[] }, string>
>;
