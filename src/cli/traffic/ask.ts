import { setTimeout as pause } from 'node:timers/promises';
import type { ResourcePlural, TrafficResource, TrafficSummary } from '../../metrics/contract.ts';
import { controlPlaneOf } from '../control-plane/ask.ts';
import type { TrafficCommandOptions } from './options.ts';

/** A control plane that nobody asked for some time begins to read its proxies: after so many seconds every one has been read twice. */
const firstSeconds = 6;

export type AskTraffic = () => Promise<TrafficSummary>;

/** Somebody to ask for summaries of traffic; throws `Unreachable` when there is nobody. */
export async function askForTraffic(by: ResourcePlural, options: TrafficCommandOptions): Promise<AskTraffic> {
  const controlPlane = await controlPlaneOf(options);
  const target = `/traffic?${new URLSearchParams({ window: `${options.window}ms`, by })}`;
  const ask = async () => {
    const answers = await controlPlane.ask<TrafficSummary>(target);
    // Every replica reads every proxy: the one that has done so for longest knows most.
    return answers.reduce((best, answer) => (answer.observedSeconds > best.observedSeconds ? answer : best));
  };
  return async () => {
    const first = await ask();
    const lacking = Math.min(firstSeconds, first.windowSeconds) - first.observedSeconds;
    if (lacking <= 0) return first;
    process.stderr.write(`reading the proxies: ${Math.ceil(lacking)} s\n`);
    await pause(lacking * 1_000);
    return await ask();
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
