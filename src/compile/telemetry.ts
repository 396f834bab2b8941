import { compareText } from '../lib/collections.ts';
import type { ServiceId, TelemetryModel } from '../model/types.ts';
import type { TrafficSplit } from '../smi/types.ts';
import { serviceNamed } from './service-name.ts';
import type { CompileState } from './state.ts';

/** The splits in force, so that what is measured can be told apart by root and backend. */
export function splitTelemetry(state: CompileState, clusterDomain: string): TelemetryModel {
  const splits = [...state.splits].flatMap(([root, { conditional, unconditional }]) =>
    [...conditional, ...(unconditional ? [unconditional] : [])].map((split) => ({
      split: `${split.meta.namespace}/${split.meta.name}`,
      root,
      backends: backendIds(split, state, clusterDomain),
    })),
  );
  return { splits: splits.sort((a, b) => compareText(a.split, b.split)) };
}

function backendIds(split: TrafficSplit, state: CompileState, clusterDomain: string): readonly ServiceId[] {
  return split.backends.flatMap(({ service }) => {
    const id = serviceNamed(service, split.meta.namespace, clusterDomain);
    return id !== undefined && state.services.has(id) ? [id] : [];
  });
}
