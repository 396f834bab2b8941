import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { compareText } from '../../lib/collections.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import { Table } from '../../lib/incremental/table.ts';
import type { ServiceId } from '../../model/types.ts';
import type { TrafficSplit } from '../../smi/types.ts';
import { reportMissing } from '../missing.ts';
import { serviceNamed } from '../service-name.ts';
import type { PassContext, RootSplits } from '../state.ts';
import { at } from '../state.ts';

/** Total weight that every target can hold (Envoy: an unsigned 32-bit sum). */
const weightLimit = 4_294_967_295;

/**
 * Which splits govern each root, in which order: those with matches, then the first one without. Ties go by creation
 * time, absent first, then by name. Splits that cannot be used are reported and count as absent.
 */
export function rankSplits(context: PassContext): Table<ServiceId, RootSplits> {
  const { graph } = context;
  const { splits } = context.input;
  const usable = new Table<string, { readonly root: ServiceId; readonly split: TrafficSplit }>(
    graph,
    [splits],
    (id) => {
      const split = splits.get(id);
      const root = split && rootOf(split, context);
      return split && root && backendsAreNamed(split, context) && weightsAreUsable(split, context)
        ? { root, split }
        : undefined;
    },
  );
  const byRoot = new Groups(
    graph,
    usable,
    ({ root, split }): [ServiceId, TrafficSplit][] => [[root, split]],
    olderFirst,
  );
  return new Table(graph, [byRoot], (root) => rank(root, byRoot.get(root) ?? [], context));
}

function olderFirst(a: TrafficSplit, b: TrafficSplit): number {
  return (
    compareText(a.meta.creationTimestamp ?? '', b.meta.creationTimestamp ?? '') ||
    compareText(a.meta.name, b.meta.name) ||
    compareText(a.meta.namespace, b.meta.namespace)
  );
}

function rootOf(split: TrafficSplit, context: PassContext): ServiceId | undefined {
  const refuse = (code: DiagnosticCode, message: string) => {
    context.report(diagnostic(code, { message, origin: at(split, 'spec.service') }));
    return undefined;
  };
  const id = serviceNamed(split.service, split.meta.namespace, context.options.clusterDomain);
  if (id === undefined) {
    return refuse('SMI4001', `"${split.service}" does not name a Service of namespace ${split.meta.namespace}`);
  }
  const service = context.input.services.get(id);
  if (service === undefined) {
    const { namespace } = split.meta;
    const reference = { group: '', kind: 'Service', namespace, name: id.slice(namespace.length + 1) };
    const origin = at(split, 'spec.service');
    const known = context.names.services.get(namespace) ?? [];
    reportMissing({ code: 'SMI3001', ...reference, origin, known }, context);
    return undefined;
  }
  if (service.type === 'ExternalName') return refuse('SMI4022', `Service ${id} is of type ExternalName`);
  return id;
}

/** A backend of another namespace is an error of its split, as such a root is; one that is only missing is left out. */
function backendsAreNamed(split: TrafficSplit, context: PassContext): boolean {
  const { namespace } = split.meta;
  const { clusterDomain } = context.options;
  const strange = split.backends.findIndex(
    ({ service }) => serviceNamed(service, namespace, clusterDomain) === undefined,
  );
  if (strange < 0) return true;
  const message = `"${split.backends[strange]?.service}" does not name a Service of namespace ${namespace}`;
  context.report(diagnostic('SMI4001', { message, origin: at(split, `spec.backends[${strange}].service`) }));
  return false;
}

function weightsAreUsable(split: TrafficSplit, context: PassContext): boolean {
  const refuse = (message: string, path: string) => {
    context.report(diagnostic('SMI4008', { message, origin: at(split, path) }));
    return false;
  };
  for (const [position, { weight }] of split.backends.entries()) {
    if (!Number.isSafeInteger(weight) || weight < 0) {
      return refuse(`weight ${weight} is not a whole number from 0`, `spec.backends[${position}].weight`);
    }
  }
  const total = split.backends.reduce((sum, { weight }) => sum + weight, 0);
  return total <= weightLimit || refuse(`the weights add up to ${total}`, 'spec.backends');
}

function rank(root: ServiceId, splits: readonly TrafficSplit[], context: PassContext): RootSplits {
  const conditional = splits.filter(({ matches }) => matches !== undefined);
  const [first, ...others] = splits.filter(({ matches }) => matches === undefined);
  for (const other of first === undefined ? [] : others) {
    reportConflict(root, first as TrafficSplit, other, context);
  }
  return first === undefined ? { conditional } : { conditional, unconditional: first };
}

function reportConflict(root: ServiceId, first: TrafficSplit, other: TrafficSplit, context: PassContext): void {
  const name = ({ meta }: TrafficSplit) => `TrafficSplit ${meta.namespace}/${meta.name}`;
  context.report(
    diagnostic('SMI4004', {
      message: `${name(other)} is ignored: ${name(first)} already governs Service ${root} without matches`,
      origin: at(other, 'spec.service'),
      related: [at(first, 'spec.service')],
    }),
  );
  context.report(
    diagnostic('SMI4004', {
      message: `${name(first)} is in force; ${name(other)} also governs Service ${root} without matches and is ignored`,
      origin: at(first, 'spec.service'),
      related: [at(other, 'spec.service')],
      severity: 'warning',
    }),
  );
}
