import { compareText } from '../lib/collections.ts';
import type { ServiceId, TelemetryModel } from '../model/types.ts';
import type { TrafficSplit } from '../smi/types.ts';
import { serviceNamed } from './service-name.ts';
import type { CompileState, PassContext } from './state.ts';
import { telemetryQueries } from './telemetry-queries.ts';

/** What is measured apart: the splits in force by root and backend, and what the TrafficMetrics documents ask for. */
export function telemetryOf(state: CompileState, context: PassContext): TelemetryModel {
  const { clusterDomain } = context.options;
  const splits = [...state.splits].flatMap(([root, { conditional, unconditional }]) =>
    [...conditional, ...(unconditional ? [unconditional] : [])].map((split) => ({
      split: `${split.meta.namespace}/${split.meta.name}`,
      root,
      backends: backendIds(split, state, clusterDomain),
    })),
  );
  const sorted = splits.sort((a, b) => compareText(a.split, b.split));
  return { splits: sorted, queries: telemetryQueries(sorted, state, context) };
}

function backendIds(split: TrafficSplit, state: CompileState, clusterDomain: string): readonly ServiceId[] {
  return split.backends.flatMap(({ service }) => {
    const id = serviceNamed(service, split.meta.namespace, clusterDomain);
    return id !== undefined && state.services.has(id) ? [id] : [];
  });
}
