import { err, ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';
import { type AuthorityCredential, readSigner, type Signer, sortedBundle } from './credential.ts';

/**
 * What all replicas of a control plane know of their authority. A rotation goes through phases, each of which lasts until every
 * certificate of before has ended: `introducing`, the next root is trusted and the old one signs; `retiring`, the next signs and
 * the old root is still trusted. It is then `stable` again.
 */
export interface AuthorityState {
  /** What signs. */
  readonly active: AuthorityCredential;
  /** What will sign; its roots are trusted already. While `introducing` only. */
  readonly next?: AuthorityCredential;
  /** Roots, PEM, of what no longer signs. While `retiring` only. */
  readonly retired?: string;
  readonly phase: AuthorityPhase;
  /** When the phase began, in milliseconds since 1970. */
  readonly since: number;
  /** The longest life of a certificate that was signed since the last rotation, in seconds. */
  readonly longestLifeSeconds: number;
}

export type AuthorityPhase = 'stable' | 'introducing' | 'retiring';

const phases: readonly string[] = ['stable', 'introducing', 'retiring'] satisfies AuthorityPhase[];

/** The keys of the Secret. */
const keys = {
  chain: 'tls.crt',
  key: 'tls.key',
  roots: 'ca.crt',
  nextChain: 'next.crt',
  nextKey: 'next.key',
  nextRoots: 'next-ca.crt',
  retired: 'retired-ca.crt',
  rotation: 'rotation.json',
} as const;

/** The `data` of the Secret. */
export function encodeState(state: AuthorityState): Readonly<Record<string, string>> {
  const { active, next, retired, phase, since, longestLifeSeconds } = state;
  const texts: Record<string, string> = {
    [keys.chain]: active.certificateChain,
    [keys.key]: active.privateKey,
    [keys.roots]: active.trustBundle,
    [keys.rotation]: JSON.stringify({ phase, since: new Date(since).toISOString(), longestLifeSeconds }),
    ...(retired === undefined ? {} : { [keys.retired]: retired }),
    ...(next === undefined
      ? {}
      : {
          [keys.nextChain]: next.certificateChain,
          [keys.nextKey]: next.privateKey,
          [keys.nextRoots]: next.trustBundle,
        }),
  };
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
}

/** Reads the `data` of the Secret; the error is a sentence and holds no secret. */
export function decodeState(data: unknown): Result<AuthorityState, string> {
  if (!isRecord(data)) return err('it has no data');
  const text = (key: string): string | undefined => {
    const value = data[key];
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined;
  };
  const credential = (chain: string, key: string, roots: string): AuthorityCredential | undefined => {
    const [certificateChain, privateKey, trustBundle] = [text(chain), text(key), text(roots)];
    if (certificateChain === undefined || privateKey === undefined || trustBundle === undefined) return undefined;
    return { certificateChain, privateKey, trustBundle };
  };
  const active = credential(keys.chain, keys.key, keys.roots);
  if (active === undefined) return err(`one of ${keys.chain}, ${keys.key} and ${keys.roots} is missing`);
  const rotation = rotationOf(text(keys.rotation));
  if (rotation === undefined) return err(`${keys.rotation} cannot be read`);
  const next = credential(keys.nextChain, keys.nextKey, keys.nextRoots);
  if (rotation.phase === 'introducing' && next === undefined)
    return err(`one of the parts of ${keys.nextChain} is missing`);
  const retired = text(keys.retired);
  return ok({
    active,
    ...(next === undefined ? {} : { next }),
    ...(retired === undefined ? {} : { retired }),
    ...rotation,
  });
}

function rotationOf(
  text: string | undefined,
): Pick<AuthorityState, 'phase' | 'since' | 'longestLifeSeconds'> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { phase, since, longestLifeSeconds } = value;
  const begin = typeof since === 'string' ? Date.parse(since) : Number.NaN;
  if (typeof phase !== 'string' || !phases.includes(phase) || Number.isNaN(begin)) return undefined;
  if (typeof longestLifeSeconds !== 'number' || !(longestLifeSeconds > 0)) return undefined;
  return { phase: phase as AuthorityPhase, since: begin, longestLifeSeconds };
}

/**
 * What a state trusts: whatever signs, will sign and has signed what may still be valid. In an order of their own, so that the
 * change of what signs alone tells nobody of new roots.
 */
export function trustedRoots({ active, next, retired }: AuthorityState): string {
  return sortedBundle(active.trustBundle, next?.trustBundle ?? '', retired ?? '');
}

/** What a state signs with. */
export async function signerOf(trustDomain: string, state: AuthorityState): Promise<Result<Signer, string>> {
  const { certificateChain, privateKey } = state.active;
  return await readSigner(trustDomain, { certificateChain, privateKey, trustBundle: trustedRoots(state) });
}
