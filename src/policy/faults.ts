import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { closest } from '../lib/suggest.ts';
import { describeValue, type Fields, isRecord } from '../lib/values.ts';
import type { SchemaFault } from '../smi/schemas.ts';
import { explainFault, pointerSegments } from '../smi/shape.ts';

/**
 * Says what a fault of the schema means to the person who wrote the policy. An unknown field is an error: a policy without
 * the field that its author meant could leave out the very thing that protects.
 */
export function explainPolicyFault(key: ObjectKey, object: Fields, fault: SchemaFault): Diagnostic | undefined {
  const at = pointerSegments(object, fault.instancePath);
  const params = fault.params as Readonly<Record<string, unknown>>;
  switch (fault.keyword) {
    case 'type':
      // What a value of the wrong type may be instead, the list of values says better.
      return fault.parentSchema?.enum === undefined ? explainFault(key, object, fault) : undefined;
    case 'additionalProperties':
      return unknownField(key, at, String(params.additionalProperty), fault);
    case 'minProperties':
    case 'minItems':
      return report('SMI2003', key, at, 'is empty', 'Give it a value, or remove the field.');
    case 'maxProperties':
      return tooManyKeys(key, at, fault);
    case 'maxItems':
      return report(
        'SMI2004',
        key,
        at,
        `has more than ${String(params.limit)} elements`,
        'Split it into several policies.',
      );
    case 'pattern':
    case 'minLength':
    case 'maxLength':
      return badText(key, at, fault) ?? explainFault(key, object, fault);
    default:
      return explainFault(key, object, fault);
  }
}

function report(
  code: DiagnosticCode,
  key: ObjectKey,
  at: readonly PathSegment[],
  what: string,
  hint: string,
): Diagnostic {
  const path = formatFieldPath(at);
  return diagnostic(code, { message: `${path} ${what}`, origin: { object: key, path }, hint });
}

function unknownField(key: ObjectKey, at: readonly PathSegment[], field: string, fault: SchemaFault): Diagnostic {
  const path = formatFieldPath([...at, field]);
  const { properties } = (fault.parentSchema ?? {}) as { readonly properties?: unknown };
  const near = closest(field, isRecord(properties) ? Object.keys(properties) : []);
  return diagnostic('SMI2008', {
    severity: 'error',
    message: `TrafficPolicy has no field ${path}; the object is refused`,
    origin: { object: key, path, mark: 'key' },
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

function tooManyKeys(key: ObjectKey, at: readonly PathSegment[], { parentSchema }: SchemaFault): Diagnostic {
  const { properties } = (parentSchema ?? {}) as { readonly properties?: unknown };
  if (!isRecord(properties))
    return report('SMI2004', key, at, 'has more than 32 entries', 'Split it into several policies.');
  const choices = Object.keys(properties).join(', ');
  return report('SMI2003', key, at, 'says several things of which only one can hold', `Keep one of ${choices}.`);
}

/** Texts of a form of their own, by the title of their schema. */
const forms: Readonly<Record<string, readonly [form: string, hint: string]>> = {
  Header: ['the name of a header', 'A header name has letters, digits and `-`.'],
  'Header value': [
    'the value of a header',
    'Write visible ASCII characters, with blanks only between them, at most 4096 of them.',
  ],
  Cookie: ['the name of a cookie', 'A cookie name has letters, digits, `-` and `_`.'],
  Path: ['a path', 'Begin it with `/`, and leave blanks and `#` out.'],
  'Match name': ['the name of a match', 'Write the name of a match of the HTTPRouteGroup.'],
  'Region or zone': ['the name of a region or zone', 'Write it as nodes are labelled, such as eu-west-1a.'],
  Text: ['a text without blanks', 'Write visible ASCII characters, at most 1024 of them.'],
  'Key set': ['a JWK set', 'Write the JSON of RFC 7517, `{"keys": [...]}`, or name a file or an address.'],
  File: ['an absolute path', 'Write the whole path, from `/` on.'],
  'Address of keys': ['an address', 'Write it as https://HOST/PATH.'],
};

function badText(key: ObjectKey, at: readonly PathSegment[], fault: SchemaFault): Diagnostic | undefined {
  const [form, hint] = forms[String((fault.parentSchema as Fields | undefined)?.title)] ?? [];
  if (form === undefined || hint === undefined || fault.propertyName !== undefined) return undefined;
  return report('SMI2012', key, at, `is ${describeValue(fault.data)}, which is not ${form}`, hint);
}
