/** The response header in which the application tells its pod, as `NAMESPACE/POD`. */
export const podHeader = 'x-conformance-pod';
/** The response header in which it tells the request's target as it saw it, as JSON. */
export const targetHeader = 'x-conformance-target';

/** Request headers with which a caller asks for trouble: milliseconds to wait, a status to answer, or a connection that ends. */
export const delayHeader = 'x-conformance-delay';
export const statusHeader = 'x-conformance-status';
export const resetHeader = 'x-conformance-reset';

/** A delay is no longer than this. */
export const longestDelayMillis = 60_000;
