/** Shares are in hundredths of a percent. */
export const WHOLE = 10_000;

/** Whether a request is among `share` of all; `value` is a random whole number, the same for the same outcome. */
export function isWithin(share: number, value: number): boolean {
  return value % WHOLE < share;
}
