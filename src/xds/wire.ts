import type protobuf from 'protobufjs';
import { loadDescriptor } from '../lib/descriptors.ts';
import type { NodeInfo } from './contract.ts';
import type { DeltaRequest } from './delta.ts';
import type { SotwRequest } from './sotw.ts';

/** A request with the node that sends it, which must be named only in the first one of a stream. */
export type FromNode<Request> = Request & { readonly node: NodeInfo | undefined };

interface WireRequest {
  readonly node: WireNode | null;
  readonly typeUrl: string;
  readonly responseNonce: string;
  readonly errorDetail: { readonly message: string } | null;
}
type WireDelta = WireRequest & {
  readonly resourceNamesSubscribe: readonly string[];
  readonly resourceNamesUnsubscribe: readonly string[];
  readonly initialResourceVersions: Readonly<Record<string, string>>;
};
type WireSotw = WireRequest & { readonly resourceNames: readonly string[]; readonly versionInfo: string };
type WireNode = Omit<NodeInfo, 'metadata' | 'userAgentVersion'> & {
  readonly metadata: WireStruct | null;
  readonly userAgentVersion?: string;
  readonly userAgentBuildVersion?: {
    readonly version: { readonly majorNumber: number; readonly minorNumber: number; readonly patch: number } | null;
  } | null;
};
interface WireStruct {
  readonly fields: Readonly<Record<string, WireValue>>;
}
interface WireValue {
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: WireStruct;
  readonly listValue?: { readonly values: readonly WireValue[] };
}

/** A client's reason for a refusal is kept and shown up to this length. */
const maxDetailLength = 4000;

/** Throws for bytes that are no such message. */
export function readDelta(bytes: Buffer): FromNode<DeltaRequest> {
  const message = decode<WireDelta>('envoy.service.discovery.v3.DeltaDiscoveryRequest', bytes);
  return {
    ...common(message),
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions: message.initialResourceVersions,
  };
}

/** Throws for bytes that are no such message. */
export function readSotw(bytes: Buffer): FromNode<SotwRequest> {
  const message = decode<WireSotw>('envoy.service.discovery.v3.DiscoveryRequest', bytes);
  return { ...common(message), names: message.resourceNames, version: message.versionInfo };
}

/** Looking a type up by its name takes as long as reading a short message. */
const types = new Map<string, protobuf.Type>();

function decode<Message>(typeName: string, bytes: Buffer): Message {
  let type = types.get(typeName);
  if (type === undefined) {
    type = loadDescriptor('discovery').lookupType(typeName);
    types.set(typeName, type);
  }
  return type.toObject(type.decode(bytes), { defaults: true, arrays: true, objects: true }) as Message;
}

function common({ node, typeUrl, responseNonce: nonce, errorDetail }: WireRequest) {
  return {
    node: node === null ? undefined : readNode(node),
    typeUrl,
    nonce,
    ...(errorDetail === null ? {} : { error: errorDetail.message.slice(0, maxDetailLength) }),
  };
}

function readNode({ id, cluster, userAgentName, metadata, ...agent }: WireNode): NodeInfo {
  const userAgentVersion = agent.userAgentVersion || buildVersion(agent.userAgentBuildVersion);
  return { id, cluster, userAgentName, userAgentVersion, metadata: metadata === null ? {} : readStruct(metadata) };
}

/** Envoy tells its version in numbers. */
function buildVersion(build: WireNode['userAgentBuildVersion']): string {
  const version = build?.version;
  return version ? `${version.majorNumber}.${version.minorNumber}.${version.patch}` : '';
}

function readStruct({ fields }: WireStruct): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, readValue(value)]));
}

function readValue({ numberValue, stringValue, boolValue, structValue, listValue }: WireValue): unknown {
  if (structValue !== undefined) return readStruct(structValue);
  if (listValue !== undefined) return listValue.values.map(readValue);
  return numberValue ?? stringValue ?? boolValue ?? null;
}
