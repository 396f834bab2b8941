import protobuf from 'protobufjs';
import { loadDescriptor } from '../../src/lib/descriptors.ts';

type Json = Readonly<Record<string, unknown>>;

/** Well-known types whose proto JSON is not an object of their fields. */
const scalars = /^\.google\.protobuf\.(?:Duration|Struct|Value|\w+Value)$/;

/**
 * What is wrong with proto JSON of an Envoy message: fields that the type does not have, values of the wrong kind, two
 * fields of one `oneof`. Looks into `google.protobuf.Any`. Empty when nothing is.
 */
export function protoFaults(typeName: string, message: unknown, at = ''): readonly string[] {
  return messageFaults(loadDescriptor('envoy').lookupType(typeName), message, at);
}

function messageFaults(type: protobuf.Type, message: unknown, at: string): readonly string[] {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return [`${at}: not an object`];
  if (type.fullName === '.google.protobuf.Any') return anyFaults(message as Json, at);
  const fields = new Map(type.fieldsArray.map((field) => [jsonName(field), field]));
  const entries = Object.entries(message);
  const chosen = entries.flatMap(([name]) => fields.get(name)?.partOf?.name ?? []);
  return [
    ...chosen.filter((oneof, index) => chosen.indexOf(oneof) !== index).map((oneof) => `${at}: ${oneof} chosen twice`),
    ...entries.flatMap(([name, value]) => {
      const field = fields.get(name);
      return field === undefined
        ? [`${at}.${name}: not a field of ${type.fullName}`]
        : fieldFaults(field, value, `${at}.${name}`);
    }),
  ];
}

/** protobufjs spells `accept_http_10` as `acceptHttp_10`, proto JSON as `acceptHttp10`. */
function jsonName({ name }: protobuf.Field): string {
  return name.replaceAll('_', '');
}

function anyFaults(message: Json, at: string): readonly string[] {
  const { '@type': url, ...fields } = message;
  return protoFaults(String(url).replace('type.googleapis.com/', ''), fields, at);
}

function fieldFaults(field: protobuf.Field, value: unknown, at: string): readonly string[] {
  if (value === undefined) return [`${at}: undefined`];
  if (field instanceof protobuf.MapField) {
    return Object.entries(value as Json).flatMap(([key, item]) => valueFaults(field, item, `${at}[${key}]`));
  }
  if (!field.repeated) return valueFaults(field, value, at);
  if (!Array.isArray(value)) return [`${at}: not a list`];
  return value.flatMap((item, index) => valueFaults(field, item, `${at}[${index}]`));
}

function valueFaults(field: protobuf.Field, value: unknown, at: string): readonly string[] {
  const type = field.resolve().resolvedType;
  if (type instanceof protobuf.Enum)
    return typeof value === 'string' && value in type.values ? [] : [`${at}: ${String(value)}`];
  if (type instanceof protobuf.Type) return scalars.test(type.fullName) ? [] : messageFaults(type, value, at);
  const expected = field.type === 'string' ? 'string' : field.type === 'bool' ? 'boolean' : 'number';
  return typeof value === expected ? [] : [`${at}: ${JSON.stringify(value)} is no ${field.type}`];
}
