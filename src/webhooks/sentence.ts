import type { Diagnostic } from '../diagnostics/diagnostic.ts';

/** As kubectl prints it: `SMI4001 spec.service: "a.b" does not name a Service of namespace c. Name one ...` */
export function sentence({ code, origin, message, hint }: Diagnostic): string {
  const path = origin?.path ?? '';
  const field = path === '' || message.startsWith(`${path} `) ? '' : `${path}: `;
  return `${code} ${field}${message}. ${hint}`;
}
