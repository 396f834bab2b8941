import protobuf from 'protobufjs';
import { loadDescriptor } from './descriptors.ts';

type Json = Readonly<Record<string, unknown>>;
type Convert = (value: unknown) => unknown;

/**
 * The bytes of a message that is written as proto JSON: lowerCamelCase fields, enums by name, durations as text, messages in
 * `google.protobuf.Any` beside their `@type`. Equal JSON gives equal bytes. Throws for what the type does not have, which is a
 * defect of whoever wrote the message.
 */
export function encodeProtoJson(descriptor: 'envoy', typeName: string, message: unknown): Uint8Array {
  const type = loadDescriptor(descriptor).lookupType(typeName);
  return type.encode(type.fromObject(converterOf(type)(message) as Record<string, unknown>)).finish();
}

const converters = new WeakMap<protobuf.Type, Convert>();

/** From proto JSON to what protobufjs takes. */
function converterOf(type: protobuf.Type): Convert {
  let convert = converters.get(type);
  if (convert === undefined) {
    convert = wellKnown(type) ?? fieldByField(type);
    converters.set(type, convert);
  }
  return convert;
}

function fieldByField(type: protobuf.Type): Convert {
  // protobufjs spells `accept_http_10` as `acceptHttp_10`, proto JSON as `acceptHttp10`.
  const fields = new Map(type.fieldsArray.map((field) => [field.name.replaceAll('_', ''), field]));
  return (value) => {
    if (!isObject(value)) throw new Error(`not a message of ${type.fullName}: ${JSON.stringify(value)}`);
    const message: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const field = fields.get(name);
      if (field === undefined) throw new Error(`${type.fullName} has no field ${name}`);
      message[field.name] = convertField(field, item);
    }
    return message;
  };
}

function convertField(field: protobuf.Field, value: unknown): unknown {
  const type = field.resolve().resolvedType;
  const convert = type instanceof protobuf.Type ? converterOf(type) : enumOrScalar(type);
  if (field instanceof protobuf.MapField) {
    return Object.fromEntries(Object.entries(value as Json).map(([key, item]) => [key, convert(item)]));
  }
  return field.repeated ? (value as readonly unknown[]).map(convert) : convert(value);
}

function enumOrScalar(type: protobuf.ReflectionObject | null): Convert {
  if (!(type instanceof protobuf.Enum)) return (value) => value;
  return (value) => {
    // protobufjs would take the first value for a name that it does not know.
    const known = type.values[String(value)];
    if (known === undefined) throw new Error(`${type.fullName} has no value ${String(value)}`);
    return known;
  };
}

/** Types whose proto JSON is not an object of their fields. */
function wellKnown({ fullName, root }: protobuf.Type): Convert | undefined {
  switch (fullName) {
    case '.google.protobuf.Any':
      return (value) => packed(root, value as Json);
    case '.google.protobuf.Duration':
      return (value) => duration(String(value));
    case '.google.protobuf.Struct':
      return struct;
    case '.google.protobuf.Value':
      return dynamic;
    default:
      return /^\.google\.protobuf\.\w+Value$/.test(fullName) ? (value) => ({ value }) : undefined;
  }
}

function packed(root: protobuf.Root, { '@type': url, ...fields }: Json): unknown {
  const type = root.lookupType(String(url).slice(String(url).indexOf('/') + 1));
  const value = type.encode(type.fromObject(converterOf(type)(fields) as Record<string, unknown>)).finish();
  return { type_url: url, value };
}

/** `1.5s` */
function duration(text: string): unknown {
  const [, sign = '', seconds = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(text) ?? [];
  if (seconds === '') throw new Error(`not a duration: ${text}`);
  const factor = sign === '-' ? -1 : 1;
  return { seconds: factor * Number(seconds), nanos: factor * Number(fraction.padEnd(9, '0')) };
}

function struct(value: unknown): unknown {
  return { fields: Object.fromEntries(Object.entries(value as Json).map(([key, item]) => [key, dynamic(item)])) };
}

function dynamic(value: unknown): unknown {
  if (value === null) return { nullValue: 0 };
  if (Array.isArray(value)) return { listValue: { values: value.map(dynamic) } };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return typeof value === 'number' ? { numberValue: value } : { structValue: struct(value) };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
