import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';

/** An adapter of somebody else that cannot be used, or did something that the contract does not allow. */
export function failure(adapter: string, what: string, hint?: string): Diagnostic {
  return diagnostic('SMI5006', { message: `${adapter}, ${what}`, ...(hint === undefined ? {} : { hint }) });
}
