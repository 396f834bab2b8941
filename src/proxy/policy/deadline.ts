/** What is left of a request's time, in whole milliseconds: from hop to hop within the mesh, and to programs. */
export const deadlineHeader = 'x-smi-deadline-ms';

const unitMillis: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Milliseconds of a `grpc-timeout` (at most eight digits and a unit); undefined when it is not one. */
export function parseGrpcTimeout(text: string): number | undefined {
  const unit = unitMillis[text.charAt(text.length - 1)];
  const digits = text.slice(0, -1);
  if (unit === undefined || !/^[0-9]{1,8}$/.test(digits)) return undefined;
  return Number(digits) * unit;
}

/** The same the other way: never longer than `millis`, and as precise as eight digits allow. */
export function formatGrpcTimeout(millis: number): string {
  const whole = Math.max(0, Math.floor(millis));
  if (whole < 100_000) return `${Math.max(0, Math.floor(millis * 1000))}u`;
  if (whole < 100_000_000) return `${whole}m`;
  return `${Math.min(99_999_999, Math.floor(whole / 1000))}S`;
}

/** Milliseconds of an `x-smi-deadline-ms`; undefined when it is no number of them. */
export function parseDeadline(text: string): number | undefined {
  return /^[0-9]{1,12}$/.test(text) ? Number(text) : undefined;
}

/** What is left, rounded down: the next hop gives up no later than this one. */
export function formatDeadline(millis: number): string {
  return String(Math.max(0, Math.floor(millis)));
}
