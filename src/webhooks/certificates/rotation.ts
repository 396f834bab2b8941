import type { ServingCertificate } from '../server.ts';
import { endOf, isUsable, type WebhookCredential } from './credential.ts';
import { createWebhookAuthority, issueServingCertificate } from './issue.ts';

/** Times in milliseconds. */
export interface RotationTimes {
  readonly lifetime: number;
  /** So long before its end a certificate is replaced. */
  readonly renewBefore: number;
  /** So long old and new are trusted side by side, before and after the new one is served. */
  readonly overlap: number;
}

const day = 86_400_000;
export const defaultRotation: RotationTimes = { lifetime: 90 * day, renewBefore: 30 * day, overlap: 5 * 60_000 };

export interface RotationState {
  readonly credential: WebhookCredential | undefined;
  /** Since when the apiserver has been told to trust this credential's bundle, unchanged; absent: not yet. */
  readonly announcedSince?: number;
}

/**
 * The next step of the credential's life, or nothing when none is due. A renewal takes four: a new authority signs a new
 * certificate; the apiserver learns to trust both authorities; the new certificate is served; the old authority is dropped.
 * Between two of them lies the overlap, so that at no time a replica serves what an apiserver does not trust. The key of an
 * authority is thrown away once it has signed.
 */
export async function nextStep(
  { credential, announcedSince }: RotationState,
  hosts: readonly string[],
  now: number,
  times: RotationTimes = defaultRotation,
): Promise<WebhookCredential | undefined> {
  if (credential === undefined || !isUsable(credential, hosts, now)) {
    const { authority, serving } = await make(hosts, now, times);
    // Replicas that still serve the old certificate stay trusted, if it was.
    return { serving, bundle: [authority, ...(credential?.bundle ?? []).slice(0, 1)] };
  }
  const settled = announcedSince !== undefined && now - announcedSince >= times.overlap;
  const { serving, bundle, next } = credential;
  if (next !== undefined) {
    const promoted = { serving: next, bundle: bundle.toReversed() };
    if (!isUsable(promoted, hosts, now)) return { serving, bundle: bundle.slice(0, 1) };
    return settled ? promoted : undefined;
  }
  if (bundle.length > 1) return settled ? { serving, bundle: bundle.slice(0, 1) } : undefined;
  if (now < endOf(serving) - times.renewBefore) return undefined;
  const made = await make(hosts, now, times);
  return { serving, bundle: [...bundle, made.authority], next: made.serving };
}

async function make(
  hosts: readonly string[],
  now: number,
  { lifetime }: RotationTimes,
): Promise<{ readonly authority: string; readonly serving: ServingCertificate }> {
  const authority = await createWebhookAuthority(now, lifetime);
  return { authority: authority.certificate, serving: await issueServingCertificate(authority, hosts, now, lifetime) };
}
