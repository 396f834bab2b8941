import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { type Field, fieldOf, portNumbers } from '../kubernetes/field.ts';
import { decodeMeta } from '../kubernetes/meta.ts';
import type { ObjectMeta } from '../kubernetes/types.ts';
import type { SourceDocument } from '../source/types.ts';
import { Reading } from './reading.ts';
import { readRule } from './rule.ts';
import type { GatewayRoute, ReferenceGrant, RouteKind, ServiceParent } from './types.ts';
import { gatewayGroup, gatewayVersions } from './versions.ts';

export type GatewayObject =
  | { readonly kind: 'GatewayRoute'; readonly value: GatewayRoute }
  | { readonly kind: 'ReferenceGrant'; readonly value: ReferenceGrant };

/**
 * Reads an object for which `isGatewayKind` holds. Without a value it is refused. A route that is bound to no Service is
 * somebody else's: it has no parents here, and nothing is found wrong with it.
 */
export function decodeGateway(document: SourceDocument): {
  readonly value?: GatewayObject;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { key, apiVersion, kind, object } = document;
  const versions = gatewayVersions(kind).map((version) => `${gatewayGroup}/${version}`);
  if (!versions.includes(apiVersion)) {
    const message = `${kind} has no version ${apiVersion}`;
    const hint = `Use ${versions[0] ?? ''}.`;
    return { diagnostics: [diagnostic('SMI2011', { message, origin: { object: key, path: 'apiVersion' }, hint })] };
  }
  const reading = new Reading(key);
  const root = fieldOf(key, object, reading.faults);
  const meta = decodeMeta(document, root, 'subdomain');
  const value: GatewayObject =
    kind === 'ReferenceGrant'
      ? { kind, value: grantOf(meta, root.at('spec')) }
      : { kind: 'GatewayRoute', value: routeOf(kind, meta, root.at('spec'), reading) };
  const { faults, findings } = reading;
  return faults.length > 0 ? { diagnostics: [...faults, ...findings] } : { value, diagnostics: findings };
}

function routeOf(kind: string, meta: ObjectMeta, spec: Field, reading: Reading): GatewayRoute {
  const parents = spec
    .at('parentRefs')
    .items()
    .flatMap((item) => parentOf(item, meta.namespace, reading));
  const none = { kind: 'HTTPRoute', meta, parents: [], rules: [] } as const;
  const [first] = parents;
  if (first === undefined) return none;
  if (kind === 'TLSRoute') {
    const message = 'the mesh does not choose by the server name of TLS: the route is not in force';
    reading.report('SMI4705', first, message);
    return none;
  }
  const read = kind as RouteKind;
  reading.hasUnknown('SMI4704', spec, ['parentRefs', 'hostnames', 'rules', 'useDefaultGateways'], 'it is ignored');
  const hostnames = spec.at('hostnames');
  if (hostnames.items().length > 0) {
    const message = 'spec.hostnames has no meaning for a Service: its own names are meant';
    reading.report('SMI4704', hostnames, message, { severity: 'info' });
  }
  const rules = spec.at('rules').items();
  return { kind: read, meta, parents, rules: rules.map((rule) => readRule(rule, read, meta.namespace, reading)) };
}

/** Nothing for a parent that is no Service; one that was meant as a Service, and is none without the group, is told. */
function parentOf(item: Field, namespace: string, reading: Reading): readonly ServiceParent[] {
  const group = item.at('group').text() ?? gatewayGroup;
  const kind = item.at('kind').text() ?? 'Gateway';
  if (kind === 'Service' && item.at('group').text() === undefined) {
    const message = `a parent of kind Service is one of ${gatewayGroup} without group: '', and of that there is none: the route is not in force`;
    reading.report('SMI4705', item, message);
  }
  if (kind !== 'Service' || (group !== '' && group !== 'core')) return [];
  const name = item.at('name').text();
  if (name === undefined) item.at('name').missing();
  const port = item.at('port').integer(...portNumbers);
  const section = item.at('sectionName').text();
  return [
    {
      path: item.path,
      namespace: item.at('namespace').text() ?? namespace,
      name: name ?? '',
      ...(port === undefined ? {} : { port }),
      ...(section === undefined || section === '' ? {} : { section }),
    },
  ];
}

function grantOf(meta: ObjectMeta, spec: Field): ReferenceGrant {
  const reference = (item: Field) => ({ group: item.at('group').text() ?? '', kind: item.at('kind').text() ?? '' });
  return {
    meta,
    from: spec
      .at('from')
      .items()
      .map((item) => ({ ...reference(item), namespace: item.at('namespace').text() ?? '' })),
    to: spec
      .at('to')
      .items()
      .map((item) => {
        const name = item.at('name').text();
        return { ...reference(item), ...(name === undefined || name === '' ? {} : { name }) };
      }),
  };
}
