/** How well calls go, as pictures colour them. */
export type Health = 'good' | 'warn' | 'bad' | 'idle';

/** By the share of 1 that succeeded; absent without calls. */
export function healthOf(success: number | undefined): Health {
  if (success === undefined) return 'idle';
  return success >= 0.99 ? 'good' : success >= 0.95 ? 'warn' : 'bad';
}
