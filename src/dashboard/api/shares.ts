/** Of the standard normal distribution: 95 % lie within so many deviations. */
const z = 1.959964;

/**
 * Wilson's score interval: within which the true share lies with a probability of 95 %, when `part` of `whole` were seen.
 * Nothing without observations.
 */
export function wilson(part: number, whole: number): readonly [low: number, high: number] | undefined {
  if (whole <= 0) return undefined;
  const share = part / whole;
  const spread = (z * z) / whole;
  const middle = (share + spread / 2) / (1 + spread);
  const reach = (z / (1 + spread)) * Math.sqrt((share * (1 - share)) / whole + spread / (4 * whole));
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}
