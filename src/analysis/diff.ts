import { compareText } from '../lib/collections.ts';
import { canonicalJson } from '../model/canonical.ts';
import { comparePorts, portKey, transportOf } from '../model/ports.ts';
import type { MeshModel, ServiceId } from '../model/types.ts';
import type { Change, TrafficChange } from './changes.ts';
import { type ClassLimits, defaultClassLimits } from './classes.ts';
import { type Paired, pairClients } from './clients.ts';
import { directPort, unreachedPorts, withDirectPorts } from './direct.ts';
import { objectChanges, settingChanges } from './objects.ts';
import { portAt, type ServicePortRef } from './reach.ts';
import { trafficChanges } from './traffic.ts';

/**
 * What traffic means differently in two models: every class of requests that some rule of either tells apart is asked of
 * both. Every change of traffic carries a request for which `decide()` has been seen to differ. The gravest first.
 */
export function diffModels(
  before: MeshModel,
  after: MeshModel,
  limits: ClassLimits = defaultClassLimits,
): readonly Change[] {
  const direct = [...unreachedPorts(before), ...unreachedPorts(after)];
  const paired = pairClients(withDirectPorts(before, direct), withDirectPorts(after, direct));
  const traffic = servicePorts(paired).flatMap((ref) => trafficChanges(paired, ref, limits));
  const shown = traffic.filter((change) => change.kind === 'traffic');
  return [
    ...settingChanges(before, after),
    ...shown.filter((change) => tells(change, paired) && !repeats(change, shown)).sort(byGravity),
    ...traffic.filter((change) => change.kind === 'undecided'),
    ...objectChanges(before, after),
  ];
}

/** Every port of every service of either model, by service and port. */
function servicePorts({ before, after }: Paired): readonly ServicePortRef[] {
  const ids = new Set([...Object.keys(before.services), ...Object.keys(after.services)] as ServiceId[]);
  return [...ids].sort(compareText).flatMap((service) => {
    const ports = [before, after].flatMap((model) => model.services[service]?.ports ?? []).sort(comparePorts);
    const refs = new Map(ports.map(({ port, protocol }) => [portKey(port, transportOf(protocol)), { port, protocol }]));
    return [...refs.values()].map(({ port, protocol }) => ({
      service,
      port,
      ...(protocol === 'udp' ? { udp: true as const } : {}),
    }));
  });
}

/** Who could not use a service that came or went is not told: another answer to what fails before and after is no news. */
function tells(change: TrafficChange, { before, after }: Paired): boolean {
  const has = (model: MeshModel) => portAt(model, change) !== undefined;
  return change.effects.some((effect) => effect !== 'answer') || (has(before) && has(after));
}

/** Whether a change at a port of pods is one that a Service of theirs shows with the same request. */
function repeats(change: TrafficChange, traffic: readonly TrafficChange[]): boolean {
  const { service, port, effects, clients } = change;
  const direct = directPort(service, port);
  if (direct === undefined) return false;
  const shape = shapeText(change);
  return traffic.some(
    (other) =>
      directPort(other.service, other.port) === undefined &&
      other.effects[0] === effects[0] &&
      other.clients.join() === clients.join() &&
      [...other.before.backends, ...other.after.backends].some(({ accounts }) =>
        accounts.some(({ account }) => account === direct.account),
      ) &&
      shapeText(other) === shape,
  );
}

/** The request that shows a change, but for its parties. */
function shapeText({ example }: TrafficChange): string {
  const { from: _from, to: _to, ...shape } = example.after.request;
  return canonicalJson(shape);
}

const order = ['widened', 'narrowed', 'answer', 'route', 'shares', 'policy', 'rule'] as const;

function byGravity(a: TrafficChange, b: TrafficChange): number {
  return (
    order.indexOf(a.effects[0]) - order.indexOf(b.effects[0]) || compareText(a.service, b.service) || a.port - b.port
  );
}
