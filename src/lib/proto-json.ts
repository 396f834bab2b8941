import protobuf from 'protobufjs';
import { loadDescriptor } from './descriptors.ts';
import { lasting } from './lasting-bytes.ts';

type Json = Readonly<Record<string, unknown>>;
type Convert = (value: unknown) => unknown;

/**
 * The bytes of a message that is written as proto JSON: lowerCamelCase fields, enums by name, durations as text, messages in
 * `google.protobuf.Any` beside their `@type`. Equal JSON gives equal bytes. Throws for fields, enum values and durations that
 * there are not, which is a defect of whoever wrote the message.
 */
export function encodeProtoJson(descriptor: 'envoy', typeName: string, message: unknown): Uint8Array {
  return encoderOf(loadDescriptor(descriptor), typeName)(message);
}

/**
 * The same bytes, for messages with a long list of messages most of which were encoded before: each object in the list is
 * encoded once.
 */
export function encodeListing(descriptor: 'envoy', typeName: string, listName: string, message: Json): Uint8Array {
  const root = loadDescriptor(descriptor);
  const { [listName]: list = [], ...others } = message;
  const field = root.lookupType(typeName).fields[listName];
  const itemType = field?.resolve().resolvedType;
  if (field?.repeated !== true || !(itemType instanceof protobuf.Type)) {
    throw new Error(`${typeName} has no list of messages ${listName}`);
  }
  // Fields travel in the order of their numbers.
  const isBefore = (name: string) => (root.lookupType(typeName).fields[name]?.id ?? 0) < field.id;
  const [before, after] = [true, false].map((wanted) =>
    Object.fromEntries(Object.entries(others).filter(([name]) => isBefore(name) === wanted)),
  );
  const encode = encoderOf(root, typeName);
  const items = (list as readonly Json[]).map((item) => listItem(field.id, itemType, item));
  return Buffer.concat([encode(before), ...items, encode(after)]);
}

/** With the field's tag and the length. A message is in lists of one type only. */
const listItems = new WeakMap<Json, Uint8Array>();

function listItem(id: number, type: protobuf.Type, item: Json): Uint8Array {
  let bytes = listItems.get(item);
  if (bytes === undefined) {
    const writer = protobuf.Writer.create().uint32((id << 3) | 2);
    const encoded = type.encode(converterOf(type)(item) as Record<string, unknown>, writer.fork());
    bytes = lasting(encoded.ldelim().finish());
    listItems.set(item, bytes);
  }
  return bytes;
}

type Encode = (message: unknown) => Uint8Array;
const encoders = new WeakMap<protobuf.Root, Map<string, Encode>>();

/** By name, because looking a type up costs more than encoding a small message. */
function encoderOf(root: protobuf.Root, typeName: string): Encode {
  let known = encoders.get(root);
  if (known === undefined) {
    known = new Map();
    encoders.set(root, known);
  }
  let encode = known.get(typeName);
  if (encode === undefined) {
    const type = root.lookupType(typeName);
    const convert = converterOf(type);
    encode = (message) => type.encode(convert(message) as Record<string, unknown>).finish();
    known.set(typeName, encode);
  }
  return encode;
}

const converters = new WeakMap<protobuf.Type, Convert>();

/** From proto JSON to what protobufjs encodes. */
function converterOf(type: protobuf.Type): Convert {
  let convert = converters.get(type);
  if (convert === undefined) {
    convert = wellKnown(type) ?? fieldByField(type);
    converters.set(type, convert);
  }
  return convert;
}

/** A field by its name in proto JSON. */
interface Field {
  /** As protobufjs spells it. */
  readonly name: string;
  readonly convert: Convert;
}

function fieldByField(type: protobuf.Type): Convert {
  // protobufjs spells `accept_http_10` as `acceptHttp_10`, proto JSON as `acceptHttp10`.
  const declared = new Map(type.fieldsArray.map((field) => [field.name.replaceAll('_', ''), field]));
  const fields = new Map<string, Field>();
  const find = (name: string): Field => {
    const field = declared.get(name);
    if (field === undefined) throw new Error(`${type.fullName} has no field ${name}`);
    const found = { name: field.name, convert: fieldConverter(field) };
    fields.set(name, found);
    return found;
  };
  return (value) => {
    if (!isObject(value)) throw new Error(`not a message of ${type.fullName}: ${JSON.stringify(value)}`);
    const message: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const item = value[name];
      if (item === undefined) continue;
      const field = fields.get(name) ?? find(name);
      message[field.name] = field.convert(item);
    }
    return message;
  };
}

function fieldConverter(field: protobuf.Field): Convert {
  const type = field.resolve().resolvedType;
  const convert = type instanceof protobuf.Type ? converterOf(type) : enumOrScalar(type);
  if (field instanceof protobuf.MapField) {
    return (value) => Object.fromEntries(Object.entries(value as Json).map(([key, item]) => [key, convert(item)]));
  }
  return field.repeated ? (value) => (value as readonly unknown[]).map(convert) : convert;
}

function enumOrScalar(type: protobuf.ReflectionObject | null): Convert {
  if (!(type instanceof protobuf.Enum)) return (value) => value;
  return (value) => {
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

const packedMessages = new WeakMap<Json, unknown>();

/** Once for each object: what is emitted is never changed, and one message may stand in many. */
function packed(root: protobuf.Root, message: Json): unknown {
  let found = packedMessages.get(message);
  if (found === undefined) {
    const { '@type': url, ...fields } = message;
    const encode = encoderOf(root, String(url).slice(String(url).indexOf('/') + 1));
    found = { type_url: url, value: lasting(encode(fields)) };
    packedMessages.set(message, found);
  }
  return found;
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
