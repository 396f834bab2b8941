import type protobuf from 'protobufjs';
import { loadDescriptor } from '../lib/descriptors.ts';
import type { ProxyState, ResourceState, TypeState } from './contract.ts';

/** `envoy.type.matcher.v3.StringMatcher`, in the part that is understood. */
interface NameMatcher {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly ignoreCase?: boolean;
}

interface NodeMatcher {
  readonly nodeId?: NameMatcher;
  readonly nodeMetadatas?: readonly unknown[];
}

/** `because`: for the client, with INVALID_ARGUMENT or RESOURCE_EXHAUSTED. */
export type ClientStatus =
  | { readonly kind: 'response'; readonly bytes: Buffer }
  | { readonly kind: 'invalid' | 'too-much'; readonly because: string };

/**
 * Answers a `ClientStatusRequest`: which client asks for what, and what it holds. Contents are left out, for secrets are
 * among them. `maxResources` bounds an answer.
 */
export function clientStatus(bytes: Buffer, proxies: readonly ProxyState[], maxResources: number): ClientStatus {
  let matchers: readonly NodeMatcher[];
  try {
    matchers = readMatchers(bytes);
  } catch (error) {
    return { kind: 'invalid', because: error instanceof Error ? error.message : 'the request cannot be read' };
  }
  const wanted = proxies.filter(({ node }) => matchers.length === 0 || matchers.some((each) => matches(each, node.id)));
  let left = maxResources;
  const config: object[] = [];
  for (const { node, types } of wanted) {
    const resources = types.flatMap(genericConfigs);
    left -= resources.length;
    if (left < 0) return { kind: 'too-much', because: 'too many resources for one answer: name fewer nodes' };
    const { id, cluster, userAgentName, userAgentVersion } = node;
    config.push({ node: { id, cluster, userAgentName, userAgentVersion }, genericXdsConfigs: resources });
  }
  const type = lookup('ClientStatusResponse');
  const written = type.encode(type.fromObject({ config })).finish();
  return { kind: 'response', bytes: Buffer.from(written.buffer, written.byteOffset, written.byteLength) };
}

function lookup(message: string): protobuf.Type {
  return loadDescriptor('status').lookupType(`envoy.service.status.v3.${message}`);
}

function readMatchers(bytes: Buffer): readonly NodeMatcher[] {
  const type = lookup('ClientStatusRequest');
  const { nodeMatchers = [] } = type.toObject(type.decode(bytes)) as { readonly nodeMatchers?: readonly NodeMatcher[] };
  for (const { nodeId, nodeMetadatas } of nodeMatchers) {
    const kinds = Object.keys(nodeId ?? {}).filter((kind) => kind !== 'ignoreCase');
    const isUnderstood = kinds.every((kind) => ['exact', 'prefix', 'suffix', 'contains'].includes(kind));
    if (nodeMetadatas !== undefined || kinds.length !== 1 || !isUnderstood) {
      throw new Error('nodes are matched by exact, prefix, suffix or contains of their id');
    }
  }
  return nodeMatchers;
}

function matches({ nodeId = {} }: NodeMatcher, id: string): boolean {
  const folded = (text: string) => (nodeId.ignoreCase === true ? text.toLowerCase() : text);
  const { exact, prefix, suffix, contains } = nodeId;
  const subject = folded(id);
  if (exact !== undefined) return subject === folded(exact);
  if (prefix !== undefined) return subject.startsWith(folded(prefix));
  if (suffix !== undefined) return subject.endsWith(folded(suffix));
  return contains !== undefined && subject.includes(folded(contains));
}

function genericConfigs({ typeUrl, resources, refused }: TypeState): readonly object[] {
  const refusals = new Map(refused.map((each) => [each.name, each]));
  return resources.map((resource) => {
    const { name, version: versionInfo, updatedAt } = resource;
    const lastUpdated = updatedAt === undefined ? {} : { lastUpdated: timestamp(updatedAt) };
    const refusal = refusals.get(name);
    if (refusal === undefined) return { typeUrl, name, versionInfo, ...lastUpdated, ...statuses(resource) };
    const { detail: details, since, version } = refusal;
    const errorState = { details, lastUpdateAttempt: timestamp(since), versionInfo: version };
    const status = { configStatus: 'ERROR', clientStatus: 'NACKED', errorState };
    return { typeUrl, name, versionInfo, ...lastUpdated, ...status };
  });
}

function statuses({ version, delivery }: ResourceState): object {
  const configStatus = { taken: 'SYNCED', 'in flight': 'STALE', 'not sent': 'NOT_SENT' }[delivery];
  if (version !== '') return { configStatus, clientStatus: 'ACKED' };
  return { configStatus, clientStatus: delivery === 'taken' ? 'DOES_NOT_EXIST' : 'REQUESTED' };
}

function timestamp(millis: number): object {
  return { seconds: Math.floor(millis / 1000), nanos: (millis % 1000) * 1_000_000 };
}
