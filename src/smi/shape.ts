import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey, Origin } from '../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { closest } from '../lib/suggest.ts';
import { describeValue, type Fields, isRecord } from '../lib/values.ts';
import { narrowingField } from './narrowing.ts';
import type { SchemaFault } from './schemas.ts';
import { formFault } from './text-form.ts';

/** Says what a fault of the schema means to the person who wrote the object; `undefined` for faults that only repeat others. */
export function explainFault(key: ObjectKey, object: Fields, fault: SchemaFault): Diagnostic | undefined {
  const at = pointerSegments(object, fault.instancePath);
  const here: Fault = { key, at, fault, parent: fault.parentSchema ?? {} };
  const params = fault.params as Readonly<Record<string, unknown>>;
  switch (fault.keyword) {
    case 'required':
      return missing(here, String(params.missingProperty));
    case 'type':
      return wrongType(here);
    case 'minimum':
    case 'maximum':
      return outOfRange(here);
    case 'enum':
    case 'const':
      return notAllowed(here);
    case 'pattern':
    case 'minLength':
    case 'maxLength':
      return fault.propertyName === undefined ? badText(here) : undefined;
    case 'propertyNames':
      return badKey(here, String(params.propertyName));
    case 'maxProperties':
      return diagnostic('SMI2003', {
        message: `${name(at)} has more than one key; an element of this list is one header`,
        origin: origin(here),
        hint: 'Write one key in each element, or write headers as one object instead of a list.',
      });
    case 'minProperties':
    case 'minItems':
      return diagnostic('SMI2003', {
        message: `${name(at)} is empty`,
        origin: origin(here),
        hint: 'Give it a value, or remove the field.',
      });
    case 'additionalProperties':
      return unknownField(here, String(params.additionalProperty));
    case 'if':
      return undefined;
    default:
      return diagnostic('SMI2003', { message: `${name(at)} ${fault.message ?? 'is not valid'}`, origin: origin(here) });
  }
}

interface Fault {
  readonly key: ObjectKey;
  readonly at: readonly PathSegment[];
  readonly fault: SchemaFault;
  /** The schema of the value at fault. */
  readonly parent: Readonly<Record<string, unknown>>;
}

function origin({ key, at }: Fault, ...more: readonly PathSegment[]): Origin {
  return { object: key, path: formatFieldPath([...at, ...more]) };
}

function name(at: readonly PathSegment[]): string {
  return at.length === 0 ? 'the object' : formatFieldPath(at);
}

function missing(here: Fault, field: string): Diagnostic {
  const path = formatFieldPath([...here.at, field]);
  return diagnostic('SMI2002', {
    message: `${path} is missing`,
    origin: origin(here, field),
    hint: `Add ${path}.`,
  });
}

function wrongType(here: Fault): Diagnostic {
  const { at, fault, parent } = here;
  const wanted = [parent.type].flat().map(String);
  const value = fault.data;
  const message = `${name(at)} must be ${describeTypes(wanted)}, not ${describeValue(value)}`;
  if (typeof value === 'number' && wanted.includes('integer')) {
    return diagnostic('SMI2004', {
      message,
      origin: origin(here),
      hint: `Use a whole number, such as ${Math.max(1, Math.round(value))}.`,
    });
  }
  if (typeof value === 'string' && /^-?\d+$/.test(value) && wanted.includes('integer')) {
    return diagnostic('SMI2003', { message, origin: origin(here), hint: `Remove the quotes: ${value}.` });
  }
  if (typeof value !== 'object' && wanted.includes('string')) {
    return diagnostic('SMI2003', { message, origin: origin(here), hint: `Put it in quotes: "${String(value)}".` });
  }
  if (value === null) {
    return diagnostic('SMI2003', { message, origin: origin(here), hint: 'Give it a value, or remove the field.' });
  }
  if (isRecord(value) && wanted.includes('array')) {
    return diagnostic('SMI2003', {
      message,
      origin: origin(here),
      hint: 'Write a list: put `- ` in front of each element.',
    });
  }
  return diagnostic('SMI2003', { message, origin: origin(here) });
}

const typeNames: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  object: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
};

function describeTypes(types: readonly string[]): string {
  const words = types.filter((type) => type !== 'null').map((type) => typeNames[type] ?? type);
  return words.join(' or ');
}

function outOfRange(here: Fault): Diagnostic {
  const { minimum, maximum } = here.parent;
  if (maximum === undefined) {
    const message = `${name(here.at)} is ${String(here.fault.data)}, less than ${String(minimum)}`;
    return diagnostic('SMI2004', { message, origin: origin(here), hint: `Use ${String(minimum)} or more.` });
  }
  return diagnostic('SMI2004', {
    message: `${name(here.at)} is ${String(here.fault.data)}, outside the range from ${String(minimum)} to ${String(maximum)}`,
    origin: origin(here),
    hint: `Use a whole number from ${String(minimum)} to ${String(maximum)}.`,
  });
}

function notAllowed(here: Fault): Diagnostic {
  const allowed = (Array.isArray(here.parent.enum) ? here.parent.enum : [here.parent.const]).map(String);
  const value = here.fault.data;
  const near = typeof value === 'string' ? closest(value, allowed) : undefined;
  return diagnostic('SMI2005', {
    message: `${name(here.at)} is ${describeValue(value)}, which is not one of ${allowed.join(', ')}`,
    origin: origin(here),
    hint: near === undefined ? `Use one of ${allowed.join(', ')}.` : `Did you mean ${near}?`,
  });
}

function badText(here: Fault): Diagnostic {
  const value = here.fault.data;
  const { maxLength } = here.parent;
  if (value === '') {
    return diagnostic('SMI2006', { message: `${name(here.at)} is empty`, origin: origin(here), hint: 'Write a name.' });
  }
  const form = formFault(here.parent.title, name(here.at), value);
  if (form !== undefined)
    return diagnostic(form.code, { message: form.message, origin: origin(here), hint: form.hint });
  const lower = typeof value === 'string' ? value.toLowerCase().replaceAll('_', '-') : '';
  const fits = typeof here.parent.pattern === 'string' && new RegExp(here.parent.pattern).test(lower);
  return diagnostic('SMI2006', {
    message: `${name(here.at)} is ${describeValue(value)}, which is not a Kubernetes name`,
    origin: origin(here),
    hint: `Use lower-case letters, digits, \`-\` and \`.\`, at most ${String(maxLength ?? 253)} of them${fits && lower !== value ? `, such as ${lower}` : ''}.`,
  });
}

function badKey(here: Fault, key: string): Diagnostic {
  return diagnostic('SMI2006', {
    message: `${name(here.at)} has the key ${describeValue(key).replace('the text ', '')}, which is not the name of a header`,
    origin: { ...origin(here, key), mark: 'key' },
    hint: 'A header name has letters, digits and `-`; the host of a request is `host`.',
  });
}

function unknownField(here: Fault, field: string): Diagnostic {
  const path = formatFieldPath([...here.at, field]);
  const where = { ...origin(here, field), mark: 'key' } as const;
  const fields = propertyNames(here.parent);
  const meant = narrowingField(field, fields);
  if (meant !== undefined) {
    return diagnostic('SMI2020', {
      message: `${path} is not a field of this version; without it the object would apply to more than is meant`,
      origin: where,
      ...(fields.includes(meant) ? { hint: `Did you mean \`${meant}\`?` } : {}),
    });
  }
  const near = closest(field, fields);
  return diagnostic('SMI2008', {
    message: `${path} is not a field of this version, and is ignored`,
    origin: where,
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

function propertyNames(schema: Readonly<Record<string, unknown>>): readonly string[] {
  return isRecord(schema.properties) ? Object.keys(schema.properties) : [];
}

/** The segments of a JSON pointer (RFC 6901) into a value. */
export function pointerSegments(root: unknown, pointer: string): readonly PathSegment[] {
  let value = root;
  return pointer
    .split('/')
    .slice(1)
    .map((token) => {
      const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
      const segment = Array.isArray(value) ? Number(key) : key;
      value = Array.isArray(value) ? value[Number(key)] : isRecord(value) ? value[key] : undefined;
      return segment;
    });
}
