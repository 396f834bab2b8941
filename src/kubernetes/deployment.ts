import type { SourceDocument } from '../source/types.ts';
import type { Field } from './field.ts';
import { decodeMeta } from './meta.ts';
import { decodePodSpec } from './pod-spec.ts';
import type { DeploymentObject } from './types.ts';

/** More pods of one Deployment than any cluster runs; it bounds what a typing mistake can make us build. */
const replicaLimit = 10_000;

export function decodeDeployment(document: SourceDocument, root: Field): DeploymentObject {
  const spec = root.at('spec');
  const template = spec.at('template');
  return {
    meta: decodeMeta(document, root, 'subdomain'),
    replicas: spec.at('replicas').integer(0, replicaLimit) ?? 1,
    template: {
      labels: template.at('metadata').at('labels').textMap(),
      annotations: template.at('metadata').at('annotations').textMap(),
      spec: decodePodSpec(template.at('spec')),
    },
  };
}
