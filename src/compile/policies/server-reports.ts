import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { WorkloadFace } from '../state.ts';
import { at } from '../state.ts';
import type { ReachingServices } from './reach.ts';
import { actingAt } from './server-layers.ts';
import type { PolicyIndex } from './types.ts';

/**
 * Several policies without matches that ask the same thing at one port: all of them count. Of the ports where two policies
 * meet the first is told; findings come with what they are about.
 */
export function severalGuards(
  { id, namespace, ports }: WorkloadFace,
  reaching: ReadonlyMap<number, ReachingServices>,
  index: PolicyIndex,
): readonly (readonly [string, Diagnostic])[] {
  const told = new Map<string, Diagnostic>();
  for (const { port, protocol } of ports) {
    if (protocol !== 'http') continue;
    const acting = actingAt(reaching.get(port) ?? [], namespace, index).filter(
      ({ by }) => by.policy.matches === undefined,
    );
    for (const [field, several] of Map.groupBy(acting, (each) => each.field)) {
      const [first, ...others] = several;
      for (const { by } of others) {
        const key = `${field} ${first?.by.id} ${by.id}`;
        if (first === undefined || told.has(key)) continue;
        const message = `port ${port} of ${id} is also guarded by spec.${field} of TrafficPolicy ${first.by.id}: a request has to pass both`;
        const related = [at(first.by.policy, `spec.${field}`)];
        told.set(key, diagnostic('SMI4107', { message, origin: at(by.policy, `spec.${field}`), related }));
      }
    }
  }
  return [...told];
}
