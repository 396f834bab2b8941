import type protobuf from 'protobufjs';
import { loadDescriptor } from '../../lib/descriptors.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { kindOfTypeUrl, type Messages, type Resource, type ResourceKind } from './resources.ts';
import { validateMessage } from './validate.ts';

const asObject: protobuf.IConversionOptions = {
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
  longs: Number,
  enums: String,
};

/** Decodes and validates the bytes of a resource; the error names the resource and the field. */
export function decodeResource(typeUrl: string, bytes: Uint8Array, version: string): Result<Resource, string> {
  return convert(typeUrl, version, (type) => type.decode(bytes));
}

/** The same for the JSON form of static configuration and of the kept state. */
export function resourceFromJson(json: Readonly<Record<string, unknown>>, version = ''): Result<Resource, string> {
  const { typeUrl, ...fields } = json;
  return convert(String(typeUrl), version, (type) => type.fromObject(fields));
}

function convert(
  typeUrl: string,
  version: string,
  read: (type: protobuf.Type) => protobuf.Message,
): Result<Resource, string> {
  const kind = kindOfTypeUrl(typeUrl);
  if (kind === undefined) return err(`unknown type ${typeUrl}`);
  const type = loadDescriptor('proxy').lookupType(`smi.proxy.v1.${kind}`);
  let message: Messages[ResourceKind];
  try {
    message = type.toObject(read(type), asObject) as Messages[ResourceKind];
  } catch (error) {
    return err(`${kind}: not decodable: ${(error as Error).message}`);
  }
  if (message.name === '') return err(`${kind}.name: empty`);
  const fault = validateMessage(kind, message);
  if (fault !== undefined) return err(`${kind} ${message.name}: ${fault}`);
  return ok({ kind, name: message.name, version, message });
}
