/** A tier takes all that it is given as long as this many times its healthy share is at least 1. */
const overprovisioning = 1.4;

/**
 * The shares of requests that tiers get, in order; they add up to 1. A tier loses requests to the next only when less than
 * 1/1.4 of its endpoints are healthy; all are 0 when none is.
 */
export function sharesOf(tiers: readonly { readonly healthy: number; readonly total: number }[]): readonly number[] {
  const able = tiers.map(({ healthy, total }) => Math.min(1, (overprovisioning * healthy) / total));
  const sum = Math.min(
    1,
    able.reduce((a, b) => a + b, 0),
  );
  let left = sum === 0 ? 0 : 1;
  return able.map((share) => {
    const taken = Math.min(left, share / sum || 0);
    left -= taken;
    return taken;
  });
}
