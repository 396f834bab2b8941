import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { describeValue } from '../lib/values.ts';

/** What is wrong with a text whose schema has a form of its own, told by the schema's title. */
export interface FormFault {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly hint: string;
}

/** `undefined` for titles without a form: their texts are names. */
export function formFault(title: unknown, field: string, value: unknown): FormFault | undefined {
  const fault = (code: DiagnosticCode, form: string, hint: string): FormFault => ({
    code,
    message: `${field} is ${describeValue(value)}, which is not ${form}`,
    hint,
  });
  switch (title) {
    case 'Quantity':
      if (typeof value === 'string' && value.startsWith('-')) {
        return { code: 'SMI2004', message: `${field} is ${describeValue(value)}, less than 0`, hint: 'Use 0 or more.' };
      }
      return fault('SMI2012', 'a Kubernetes quantity', 'Write a number with an optional suffix, such as 500m or 1.');
    case 'Duration':
      return fault('SMI2012', 'a duration', 'Write it like 30s or 1m30s.');
    case 'Port':
      return fault('SMI2012', 'a port', 'Write a whole number from 1 to 65535.');
    case 'SPIFFE id':
      return fault('SMI2013', 'a SPIFFE id', spiffeHint(String(value)));
    default:
      return undefined;
  }
}

function spiffeHint(text: string): string {
  const withScheme = `spiffe://${text.replace(/^\/+/, '')}`;
  return !text.includes('://') && /^[a-z0-9._-]+\/[a-zA-Z0-9._/-]+$/.test(text)
    ? `Add the scheme: ${withScheme}.`
    : 'Write it as spiffe://TRUSTDOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT.';
}
