/** Of an object without room for it. */
const farCode = 1e6;

/**
 * Counts by HTTP status, none yet. An object whose keys are numbers has room for all below the highest, 6 kB for statuses, unless one that is
 * far from the others came first.
 */
export function noCodes(): Record<string, number> {
  const codes: Record<string, number> = { [farCode]: 0 };
  Reflect.deleteProperty(codes, farCode);
  return codes;
}
