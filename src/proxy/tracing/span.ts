/** Kinds of OpenTelemetry's `SpanKind`. */
export const INTERNAL = 0;
export const SERVER = 1;
export const CLIENT = 2;

/** A span that is over. Times are in milliseconds since 1970. */
export interface FinishedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it is the first of its trace. */
  readonly parentId: string;
  readonly sampled: boolean;
  readonly name: string;
  readonly kind: typeof INTERNAL | typeof SERVER | typeof CLIENT;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Why it counts as failed; undefined: it does not. */
  readonly error: string | undefined;
}

/** Takes spans; it never waits and never fails. */
export type SpanSink = (span: FinishedSpan) => void;
