import type { ObjectKey } from '../../../diagnostics/origin.ts';
import { createEventRecorder } from '../../../kubernetes-client/event-recorder.ts';
import type { Plane } from '../../plane.ts';
import { splitWeights } from '../../split-weights.ts';
import type { BridgeState } from '../bridge/bridge-state.ts';
import type { LeaderTask } from '../leader-task.ts';
import type { ObjectVersion } from '../peers/contract.ts';
import type { Progress } from '../peers/progress.ts';
import type { BackendCounts } from './settling-shares.ts';
import { countBackends, scrapeSidecars } from './share-counter.ts';
import type { StatusSource, StatusSubject } from './source.ts';
import { statusTask } from './status-task.ts';
import type { StatusSubjects } from './subjects.ts';

export interface LiveStatusOptions {
  /** Resolves once proxies are served. */
  readonly plane: Promise<Plane>;
  readonly subjects: StatusSubjects;
  readonly progress: Progress;
  /** Where the mesh is translated for another one. */
  readonly bridge?: BridgeState;
  /** Of this replica. */
  readonly instance: string;
  readonly onRefused: (object: ObjectKey, because: string) => void;
}

/** The leader's writing of status, of what this process knows. */
export function liveStatusTask(options: LiveStatusOptions): LeaderTask {
  const { plane, instance, onRefused } = options;
  return {
    name: 'status',
    async run(connection, signal) {
      const served = await plane;
      const recorder = createEventRecorder(connection, { controller: 'smi-mesh.io/controller', instance });
      const source = statusSource(served, options);
      // The proxies of another mesh count for themselves.
      const counted = options.bridge === undefined;
      const count = async (splits: readonly ObjectKey[]) => (counted ? await countSplits(served, splits) : new Map());
      try {
        await statusTask({ source, recorder, count, onRefused }).run(connection, signal);
      } finally {
        recorder.stop();
      }
    },
  };
}

function statusSource(plane: Plane, { subjects, progress, bridge }: LiveStatusOptions): StatusSource {
  const isApplied = (object: ObjectKey): boolean => {
    const pending = bridge?.progress.pending;
    return pending !== 'all' && pending?.has(object) !== true;
  };
  return {
    subjects: () => subjects,
    findings: () => [...plane.findings(), ...(bridge?.progress.findings ?? [])],
    refused: () => new Set(plane.refused()),
    refusals: () => plane.refusals(),
    translated: bridge !== undefined,
    unapplied: () => bridge?.progress.failures ?? new Map(),
    landed: (subject) => progress.landed(versionOf(subject)) && isApplied(subject.key),
    refresh: () => progress.refresh([...subjects].map(versionOf)),
    weights: () => {
      const model = plane.model();
      return new Map([...(model === undefined ? [] : splitWeights(model))].map(([key, { weights }]) => [key, weights]));
    },
    watch: (watcher) => {
      const stop = [plane, subjects, ...(bridge === undefined ? [] : [bridge])].map((each) => each.watch(watcher));
      return () => {
        for (const each of stop) each();
      };
    },
  };
}

function versionOf({ key, uid, generation }: StatusSubject): ObjectVersion {
  return { object: key, uid, generation };
}

/** What the sidecars of the mesh have counted as callers. */
async function countSplits(plane: Plane, wanted: readonly ObjectKey[]): Promise<ReadonlyMap<ObjectKey, BackendCounts>> {
  const model = plane.model();
  if (model === undefined) return new Map();
  const splits = splitWeights(model);
  const sidecars = Object.values(model.workloads).flatMap(({ transport, addresses: [address] }) =>
    transport === 'mtls' && address !== undefined ? [address] : [],
  );
  const scrapes = await scrapeSidecars(sidecars);
  return new Map(
    wanted.flatMap((key): [ObjectKey, BackendCounts][] => {
      const split = splits.get(key);
      if (split === undefined) return [];
      return [[key, countBackends({ root: split.root, backends: [...split.weights.keys()] }, scrapes)]];
    }),
  );
}
