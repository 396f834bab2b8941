import type { SourceDocument } from '../source/types.ts';
import type { Field } from './field.ts';
import { decodeMeta } from './meta.ts';
import { decodePodSpec } from './pod-spec.ts';
import type { PodOwnerObject } from './types.ts';

/** More pods of one object than any cluster runs; it bounds what a typing mistake can make us build. */
const replicaLimit = 10_000;
const int32Maximum = 2_147_483_647;

export function decodePodOwner(document: SourceDocument, root: Field): PodOwnerObject {
  const spec = root.at('spec');
  const template = spec.at('template');
  const first = document.kind === 'StatefulSet' ? spec.at('ordinals').at('start').integer(0, int32Maximum) : undefined;
  return {
    meta: decodeMeta(document, root, 'subdomain'),
    replicas: replicasOf(document.kind, root),
    ...(first === undefined ? {} : { firstOrdinal: first }),
    template: {
      labels: template.at('metadata').at('labels').textMap(),
      annotations: template.at('metadata').at('annotations').textMap(),
      spec: decodePodSpec(template.at('spec')),
    },
  };
}

function replicasOf(kind: string, root: Field): number {
  const spec = root.at('spec');
  if (kind === 'DaemonSet') return 1;
  if (kind !== 'Job') return spec.at('replicas').integer(0, replicaLimit) ?? 1;
  // A suspended or completed Job has no pods.
  if (spec.at('suspend').flag() === true || root.at('status').at('completionTime').present) return 0;
  const parallel = spec.at('parallelism').integer(0, replicaLimit) ?? 1;
  return Math.min(parallel, spec.at('completions').integer(0, int32Maximum) ?? parallel);
}
