import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { nonEmpty } from '../lib/collections.ts';
import { findPort, portKey, transportOf } from '../model/ports.ts';
import type { Distribution, Service, ServicePort, WeightedTarget } from '../model/types.ts';
import type { TrafficSplit } from '../smi/types.ts';
import { reportMissing } from './missing.ts';
import { serviceNamed } from './service-name.ts';
import type { CompileState, PassContext } from './state.ts';
import { at } from './state.ts';

/** A backend whose Service exists. */
export interface UsableBackend {
  readonly service: Service;
  readonly weight: number;
  readonly origin: Origin;
}

/**
 * The backends of a split whose Services exist, in its order. The others are reported and get no traffic; a weight of 0
 * makes that an information, since creating the split before the Service is the documented workflow.
 */
export function backendsOf(
  split: TrafficSplit,
  root: Service,
  state: Pick<CompileState, 'services' | 'splits'>,
  context: PassContext,
): readonly UsableBackend[] {
  return split.backends.flatMap((backend, position): UsableBackend[] => {
    const origin = at(split, `spec.backends[${position}]`);
    const field = at(split, `spec.backends[${position}].service`);
    const found = backendService(split, backend, field, state, context);
    if (found === undefined) return [];
    if (found.id !== root.id && state.splits.has(found.id)) {
      const message = `Service ${found.id} is itself the root of a TrafficSplit, which is not followed from here`;
      context.report(diagnostic('SMI4007', { message, origin: field }));
    }
    return [{ service: found, weight: backend.weight, origin }];
  });
}

function backendService(
  split: TrafficSplit,
  backend: { readonly service: string; readonly weight: number },
  origin: Origin,
  state: Pick<CompileState, 'services' | 'splits'>,
  context: PassContext,
): Service | undefined {
  const severity = backend.weight === 0 ? { severity: 'info' as const } : {};
  const { namespace } = split.meta;
  const id = serviceNamed(backend.service, namespace, context.options.clusterDomain);
  if (id === undefined) return undefined;
  const service = state.services.get(id);
  if (service === undefined) {
    const name = id.slice(namespace.length + 1);
    const known = context.names.services.get(namespace) ?? [];
    reportMissing(
      { code: 'SMI3002', group: '', kind: 'Service', namespace, name, origin, known, ...severity },
      context,
    );
    return undefined;
  }
  if (service.kind === 'external') {
    context.report(diagnostic('SMI4022', { message: `Service ${id} is of type ExternalName`, origin }));
    return undefined;
  }
  return service;
}

/** Where the requests of one root port go. Backends without that port get nothing; with none left requests fail. */
export function distribution(
  split: TrafficSplit,
  backends: readonly UsableBackend[],
  { port, protocol }: ServicePort,
  context: PassContext,
): Distribution {
  const transport = transportOf(protocol);
  const targets = backends.flatMap(({ service, weight, origin }): WeightedTarget[] => {
    if (findPort(service.ports, port, transport) !== undefined) {
      return [{ service: service.id, port, weight, origins: [origin] }];
    }
    context.report(
      diagnostic('SMI3003', {
        message: `Service ${service.id} does not offer port ${portKey(port, transport)} of the root`,
        origin: { object: origin.object, path: `${origin.path}.service` },
        ...(weight === 0 ? { severity: 'info' } : {}),
      }),
    );
    return [];
  });
  const usable = nonEmpty(targets);
  if (usable?.some(({ weight }) => weight > 0)) return { kind: 'weighted', targets: usable };
  return { kind: 'fail', because: reportFailure(split, portKey(port, transport), context) };
}

function reportFailure(split: TrafficSplit, port: string, context: PassContext): 'SMI4002' | 'SMI4003' {
  const allZero = split.backends.length > 0 && split.backends.every(({ weight }) => weight === 0);
  const code = allZero ? 'SMI4002' : 'SMI4003';
  const name = `TrafficSplit ${split.meta.namespace}/${split.meta.name}`;
  const message = allZero
    ? `every weight of ${name} is 0: requests to port ${port} fail with 503`
    : `no backend of ${name} can take requests to port ${port}: they fail with 503`;
  context.report(diagnostic(code, { message, origin: at(split, 'spec.backends') }));
  return code;
}
