import { compareText } from '../lib/collections.ts';
import { Groups } from '../lib/incremental/groups.ts';
import { Table } from '../lib/incremental/table.ts';
import type { ServiceId, TelemetryModel } from '../model/types.ts';
import type { TrafficSplit } from '../smi/types.ts';
import { serviceNamed } from './service-name.ts';
import type { CompileState, PassContext, RootSplits } from './state.ts';
import { type Measured, telemetryQueries } from './telemetry-queries.ts';

type MeasuredSplit = TelemetryModel['splits'][number];

/** There is one telemetry model. */
const whole = '';

/** What is measured apart: the splits in force by root and backend, and what the TrafficMetrics documents ask for. */
export function telemetryOf(
  splits: Table<ServiceId, RootSplits>,
  state: Pick<CompileState, 'services'> & Pick<Measured, 'services' | 'workloads'>,
  context: PassContext,
): { get(): TelemetryModel } {
  const { graph } = context;
  const ofRoot = new Table<ServiceId, readonly MeasuredSplit[]>(graph, [splits], (root) => {
    const { conditional = [], unconditional } = splits.get(root) ?? {};
    return [...conditional, ...(unconditional ? [unconditional] : [])].map((split) => ({
      split: `${split.meta.namespace}/${split.meta.name}`,
      root,
      backends: backendIds(split, state, context),
    }));
  });
  const all = new Groups<ServiceId, readonly MeasuredSplit[], string, MeasuredSplit>(
    graph,
    ofRoot,
    (measured) => measured.map((each) => [whole, each]),
    (a, b) => compareText(a.split, b.split),
  );
  const queries = telemetryQueries({ ...state, splits: ofRoot }, context);
  return {
    get: () => ({ splits: all.get(whole) ?? [], queries: queries.get() }),
  };
}

function backendIds(
  split: TrafficSplit,
  { services }: Pick<CompileState, 'services'>,
  { options }: PassContext,
): readonly ServiceId[] {
  return split.backends.flatMap(({ service }) => {
    const id = serviceNamed(service, split.meta.namespace, options.clusterDomain);
    return id !== undefined && services.has(id) ? [id] : [];
  });
}
