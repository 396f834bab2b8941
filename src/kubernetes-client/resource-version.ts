/**
 * A resourceVersion as a number: of objects of one kind the larger is the later. Older servers promise no order; what is no
 * number counts as the first of all.
 */
export function versionNumber(resourceVersion: string): bigint {
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}
