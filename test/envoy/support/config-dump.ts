import protobuf from 'protobufjs';
import { typeUrls } from '../../../adapters/envoy/names.ts';
import { loadDescriptor } from '../../../src/lib/descriptors.ts';
import type { View } from '../../../src/xds/index.ts';

/** The content of a resource in a form that does not depend on who wrote it. */
type Content = string;

interface Held {
  readonly content: Content;
  /** `undefined` where Envoy does not say. */
  readonly version?: string;
}

/** By type URL and name. */
export type Resources = Readonly<Record<string, Readonly<Record<string, Held>>>>;

type Json = Readonly<Record<string, unknown>>;
type Dumped = { readonly version_info?: string } & Json;

/**
 * What Envoy's `/config_dump?include_eds` says that it got over ADS. Anything that warms, drains or was refused stands there
 * under its own name, so that it is seen. Of secrets, which it does not tell, the name alone; of endpoints the addresses.
 */
export function dumpedResources(dump: unknown): Resources {
  const { configs } = dump as { readonly configs: readonly Json[] };
  const found: Record<string, Record<string, Held>> = {};
  const add = (typeUrl: string, { '@type': _, ...resource }: Json, version: string | undefined, state = '') => {
    found[typeUrl] ??= {};
    const name = String(resource.name ?? resource.cluster_name);
    found[typeUrl][state + name] = {
      content: contentOf(typeUrl, resource),
      ...(version === undefined ? {} : { version }),
    };
  };
  const list = (config: Json, key: string) => (config[key] ?? []) as readonly Dumped[];
  // The endpoints of other clusters are part of them.
  const asked = new Set(
    configs
      .flatMap((config) => list(config, 'dynamic_active_clusters'))
      .map(({ cluster }) => cluster as Json)
      .filter(({ type }) => type === 'EDS')
      .map(({ name }) => String(name)),
  );
  for (const config of configs) {
    for (const one of list(config, 'dynamic_active_clusters'))
      add(typeUrls.cluster, one.cluster as Json, one.version_info);
    for (const one of list(config, 'dynamic_warming_clusters')) {
      add(typeUrls.cluster, one.cluster as Json, one.version_info, 'warming ');
    }
    for (const one of list(config, 'dynamic_endpoint_configs')) {
      const assignment = one.endpoint_config as Json;
      if (asked.has(String(assignment.cluster_name))) add(typeUrls.endpoints, assignment, undefined);
    }
    for (const one of list(config, 'dynamic_route_configs'))
      add(typeUrls.routes, one.route_config as Json, one.version_info);
    for (const one of list(config, 'dynamic_listeners')) {
      for (const state of ['active', 'warming', 'draining', 'error'] as const) {
        const held = one[`${state}_state`] as Dumped | undefined;
        if (held !== undefined)
          add(
            typeUrls.listener,
            (held.listener ?? { name: one.name }) as Json,
            held.version_info,
            state === 'active' ? '' : `${state} `,
          );
      }
    }
    for (const state of ['active', 'warming'] as const) {
      for (const one of list(config, `dynamic_${state}_secrets`)) {
        const secret = one.secret as Json;
        // Those that prove Envoy's identity to the control plane are files.
        if (String(secret.name).startsWith('control-plane-')) continue;
        add(typeUrls.secret, secret, one.version_info, state === 'active' ? '' : 'warming ');
      }
    }
  }
  return found;
}

/** The same of what a control plane means a node to have; clusters' endpoints are those that something asks for. */
export function viewResources(view: View): Resources {
  return Object.fromEntries(
    [...view.types()]
      .filter((typeUrl) => view.get(typeUrl).size > 0)
      .map((typeUrl) => [
        typeUrl,
        Object.fromEntries(
          [...view.get(typeUrl).values()].map(({ name, version, body }) => [
            name,
            {
              content: contentOf(typeUrl, decoded(typeUrl, body)),
              ...(typeUrl === typeUrls.endpoints ? {} : { version }),
            },
          ]),
        ),
      ]),
  );
}

function decoded(typeUrl: string, body: Uint8Array): Json {
  const type = typeOf(typeUrl);
  return readable(type, type.toObject(type.decode(body), { longs: Number, enums: String, bytes: String }) as Json);
}

function contentOf(typeUrl: string, resource: Json): Content {
  if (typeUrl === typeUrls.secret) return '';
  if (typeUrl === typeUrls.endpoints) return endpointsOf(resource);
  return JSON.stringify(canonical(typeOf(typeUrl), resource), null, 1);
}

function endpointsOf(assignment: Json): Content {
  const lines: string[] = [];
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    const { socket_address: address } = value as { readonly socket_address?: Json };
    if (address !== undefined) lines.push(`${String(address.address)}:${String(address.port_value)}`);
    for (const item of Object.values(value)) visit(item);
  };
  visit(assignment);
  return lines.sort().join();
}

function typeOf(typeUrl: string): protobuf.Type {
  return loadDescriptor('envoy').lookupType(typeUrl.slice(typeUrl.indexOf('/') + 1));
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What protobufjs decoded, as the proto JSON that Envoy prints: names of the proto files, `Any` unpacked, durations as text. */
function readable(type: protobuf.Type, message: Json): Json {
  const own = special(type, message);
  if (own !== undefined) return own as Json;
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => {
      const field = type.fields[name]!.resolve();
      const each = (item: unknown) =>
        field.resolvedType instanceof protobuf.Type ? readable(field.resolvedType, item as Json) : item;
      if (field instanceof protobuf.MapField) {
        return [snake(name), Object.fromEntries(Object.entries(value as Json).map(([key, item]) => [key, each(item)]))];
      }
      return [snake(name), field.repeated ? (value as readonly unknown[]).map(each) : each(value)];
    }),
  );
}

function special({ fullName, root }: protobuf.Type, message: Json): unknown {
  switch (fullName) {
    case '.google.protobuf.Any': {
      const typeUrl = String(message.type_url);
      const type = root.lookupType(typeUrl.slice(typeUrl.indexOf('/') + 1));
      const bytes = Buffer.from(String(message.value ?? ''), 'base64');
      const inner = type.toObject(type.decode(bytes), { longs: Number, enums: String, bytes: String }) as Json;
      return { '@type': typeUrl, ...readable(type, inner) };
    }
    case '.google.protobuf.Duration':
      return `${Number(message.seconds ?? 0) + Number(message.nanos ?? 0) / 1e9}s`;
    case '.google.protobuf.Struct':
      return struct(message);
    default:
      return /^\.google\.protobuf\.\w+Value$/.test(fullName) ? (message.value ?? zeroOf(fullName)) : undefined;
  }
}

function zeroOf(fullName: string): unknown {
  if (fullName.endsWith('.BoolValue')) return false;
  return fullName.endsWith('.StringValue') ? '' : 0;
}

function struct({ fields = {} }: { readonly fields?: Json }): Json {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, dynamic(value as Json)]));
}

function dynamic(value: Json): unknown {
  const [kind, held] = Object.entries(value)[0] ?? ['nullValue', null];
  if (kind === 'structValue') return struct(held as Json);
  if (kind === 'listValue') return ((held as { readonly values?: readonly Json[] }).values ?? []).map(dynamic);
  return kind === 'nullValue' ? null : held;
}

/** Without what is a field's default anyhow, fields in the order of their names, numbers and durations in one spelling. */
function canonical(type: protobuf.Type, message: unknown): unknown {
  if (type.fullName === '.google.protobuf.Any') {
    const { '@type': url, ...fields } = message as Json;
    return { '@type': url, ...(canonical(typeOf(String(url)), fields) as Json) };
  }
  if (type.fullName === '.google.protobuf.Duration') return `${Number.parseFloat(String(message))}s`;
  if (/^\.google\.protobuf\.U?Int64Value$/.test(type.fullName)) return String(message);
  if (type.fullName.startsWith('.google.protobuf.')) return sorted(message);
  const fields = Object.entries(message as Json)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]): [string, unknown][] => {
      const field = type.fieldsArray.find((candidate) => snake(candidate.name) === name)?.resolve();
      if (field === undefined) throw new Error(`${type.fullName} has no field ${name}`);
      const each = (item: unknown) =>
        field.resolvedType instanceof protobuf.Type ? canonical(field.resolvedType, item) : scalar(field, item);
      if (field instanceof protobuf.MapField) {
        return [
          [name, sorted(Object.fromEntries(Object.entries(value as Json).map(([key, item]) => [key, each(item)])))],
        ];
      }
      if (field.repeated)
        return (value as readonly unknown[]).length === 0 ? [] : [[name, (value as readonly unknown[]).map(each)]];
      return isDefault(field, value) ? [] : [[name, each(value)]];
    });
  return Object.fromEntries(fields);
}

/** Proto JSON writes numbers of 64 bits as text. */
function scalar({ type }: protobuf.Field, value: unknown): unknown {
  return type.endsWith('64') ? String(value) : value;
}

function isDefault(field: protobuf.Field, value: unknown): boolean {
  if (field.resolvedType instanceof protobuf.Type || field.partOf) return false;
  if (field.resolvedType instanceof protobuf.Enum) return field.resolvedType.values[String(value)] === 0;
  return value === 0 || value === '0' || value === '' || value === false;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
