import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { describeObject, type ObjectKey } from '../../diagnostics/origin.ts';
import type { Conversion, Kept } from './convert.ts';

const codes: Readonly<Record<Kept['effect'], DiagnosticCode>> = {
  spelling: 'SMI2032',
  hidden: 'SMI2033',
  open: 'SMI2034',
  lost: 'SMI2036',
};

/** What a conversion kept in annotations, as findings; in `strict` mode a loss to readers who ignore annotations is an error. */
export function reportKept(key: ObjectKey, { object, kept }: Conversion, strict: boolean): readonly Diagnostic[] {
  return kept.map((item) => {
    const severity = strict && item.effect !== 'spelling' ? { severity: 'error' as const } : {};
    const message = `${describeObject(key)} in ${String(object.apiVersion)}: ${sentence(item)}`;
    return diagnostic(codes[item.effect], { message, origin: { object: key, path: '' }, ...severity });
  });
}

function sentence({ annotation, fields, effect, opens }: Kept): string {
  const what = fields.join(', ');
  switch (effect) {
    case 'spelling':
      return `the spelling of ${what} is kept in the annotation ${annotation}`;
    case 'hidden':
      return `${what} can only be said in the annotation ${annotation}; others read the object as less`;
    case 'lost':
      return `${what} cannot be said, and the object has no room for one more annotation`;
    case 'open':
      return `${what} can only be said in the annotation ${annotation}; others read the object as ${opens ?? 'more'}`;
  }
}
