import type { ResourcePlural, TrafficResource, TrafficSummary } from '../../metrics/contract.ts';
import { controlPlaneOf } from '../control-plane/ask.ts';
import type { TrafficCommandOptions } from './options.ts';

export type AskTraffic = () => Promise<TrafficSummary>;

/** Somebody to ask for summaries of traffic; throws `Unreachable` when there is nobody. */
export async function askForTraffic(by: ResourcePlural, options: TrafficCommandOptions): Promise<AskTraffic> {
  const controlPlane = await controlPlaneOf(options);
  const target = `/traffic?${new URLSearchParams({ window: `${options.window}ms`, by })}`;
  return async () => {
    const answers = await controlPlane.ask<TrafficSummary>(target);
    // Every replica reads every proxy: the one that has done so for longest knows most.
    return answers.reduce((best, answer) => (answer.observedSeconds > best.observedSeconds ? answer : best));
  };
}

/** `name`: NAME, or NAMESPACE/NAME. */
export function isNamed(
  resource: TrafficResource | null,
  name: string | undefined,
  within: string | undefined,
): boolean {
  if (resource === null) return name === undefined && within === undefined;
  const home = resource.kind === 'Namespace' ? resource.name : resource.namespace;
  if (within !== undefined && home !== undefined && home !== within) return false;
  return name === undefined || name === resource.name || name === `${resource.namespace}/${resource.name}`;
}
