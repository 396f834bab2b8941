import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';

/** Why the apiserver did not do what it was asked for. */
export interface ClusterFault {
  readonly diagnostic: Diagnostic;
  /** Absent when no answer came. */
  readonly status?: number;
  /** How long the apiserver wants to be left alone, in milliseconds. */
  readonly retryAfter?: number;
}

const forbiddenHint = 'Let this user list the objects that routing and policy depend on, in all namespaces.';

export function fault(message: string, status?: number): ClusterFault {
  const found = diagnostic('SMI1010', { message, ...(status === 403 ? { hint: forbiddenHint } : {}) });
  return { diagnostic: found, ...(status === undefined ? {} : { status }) };
}

/** Errors of Node's sockets that try several addresses have no message of their own. */
export function sentence(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(sentence).join('; ');
  return error instanceof Error ? error.message : String(error);
}
