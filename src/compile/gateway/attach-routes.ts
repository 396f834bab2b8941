import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../../diagnostics/origin.ts';
import type { GatewayRoute, ServiceParent } from '../../gateway/types.ts';
import { compareText } from '../../lib/collections.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import { Table } from '../../lib/incremental/table.ts';
import { serviceId } from '../../model/ids.ts';
import type { ServiceId } from '../../model/types.ts';
import { reportMissing } from '../missing.ts';
import type { PassContext } from '../state.ts';
import { at } from '../state.ts';

/** A route at one of the Services that it names. */
export interface AttachedRoute {
  readonly route: GatewayRoute;
  readonly parent: ServiceParent;
}

/** The routes of each Service, the oldest first: by creation time, absent first, then by namespace and name. */
export function attachRoutes(context: PassContext): Groups<ObjectKey, Entries, ServiceId, AttachedRoute> {
  const { graph, input } = context;
  const attached = new Table<ObjectKey, Entries>(graph, [input.gatewayRoutes], (key) => {
    const route = input.gatewayRoutes.get(key);
    const entries = route?.parents.flatMap((parent) => attach(route, parent, context)) ?? [];
    return entries.length === 0 ? undefined : entries;
  });
  reportClosed(attached, context);
  return new Groups(graph, attached, (entries) => entries, olderFirst);
}

type Entries = readonly (readonly [ServiceId, AttachedRoute])[];

function attach(route: GatewayRoute, parent: ServiceParent, context: PassContext): Entries {
  const { namespace, name, path } = parent;
  const id = serviceId(namespace, name);
  const service = context.input.services.get(id);
  if (service === undefined) {
    const known = context.names.services.get(namespace) ?? [];
    const origin = at(route, `${path}.name`);
    reportMissing({ code: 'SMI4705', group: '', kind: 'Service', namespace, name, origin, known }, context);
    return [];
  }
  if (service.type === 'ExternalName') {
    const message = `Service ${id} is of type ExternalName, which no route is for`;
    context.report(diagnostic('SMI4705', { message, origin: at(route, path) }));
    return [];
  }
  return [[id, { route, parent }]];
}

function olderFirst({ route: { meta: a } }: AttachedRoute, { route: { meta: b } }: AttachedRoute): number {
  return (
    compareText(a.creationTimestamp ?? '', b.creationTimestamp ?? '') ||
    compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`) ||
    compareText(a.key, b.key)
  );
}

/** Routes say nothing of access: where nothing else does, a mesh that denies by default is closed. */
function reportClosed(attached: Table<ObjectKey, Entries>, context: PassContext): void {
  const { graph, input } = context;
  const routes = new Groups<ObjectKey, Entries, string, ObjectKey>(graph, attached, (_, key) => [['', key]]);
  const targets = new Groups<string, unknown, string, true>(graph, input.targets, () => [['', true]]);
  new Table<string, never>(graph, [routes], () => {
    const [first] = routes.get('') ?? [];
    if (first === undefined || targets.has('') || context.setting('accessMode') !== 'deny') return undefined;
    const message =
      'no TrafficTarget grants anything, and routes of Gateway API grant nothing: every request is denied';
    context.report(diagnostic('SMI4707', { message, origin: { object: first, path: '' } }));
    return undefined;
  });
}
