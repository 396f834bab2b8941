import { parseObjectKey } from '../../diagnostics/origin.ts';
import type { PathSegment } from '../../lib/field-path.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { FieldFate } from './types.ts';

const meaningless = (why: string): FieldFate => ({ fate: 'meaningless', why });
const asIs = (why: string): FieldFate => ({ fate: 'as-is', why });

/** Settings that are in the model already, and what of a mesh is not for a target. */
const settled = ['pathRegexMode', 'crossNamespaceTargets', 'namespaces'];

/** Of the status of a pod: where it is, and whether it takes requests. */
const ofPods = ['podIP', 'podIPs', 'conditions'];

/**
 * What is known of a field whatever the target: that traffic does not depend on it, or that it stays where it is. `undefined`
 * for one that is to be translated. `reads`: the target reads the cluster's own objects by itself.
 */
export function knownFate(
  document: SourceDocument,
  segments: readonly PathSegment[],
  reads: boolean,
): FieldFate | undefined {
  const { group } = parseObjectKey(document.key);
  const [top, second, third] = segments;
  const ofMesh = /(^|[.])smi-(spec|mesh)[.]io$|^gateway[.]networking[.]k8s[.]io$/.test(group);
  if (top === 'status' && !(document.kind === 'Pod' && ofPods.includes(String(second))))
    return meaningless('controllers write it');
  if (group === 'test.smi-mesh.io') return meaningless('an expectation is for tests');
  if (group === 'metrics.smi-spec.io') return meaningless('it asks for numbers, not for traffic');
  if (top === 'apiVersion' || top === 'kind') return asIs('it says what the object is');
  if (top === 'metadata') return metadataFate(second, third, ofMesh, reads);
  if (group === 'config.smi-mesh.io' && top === 'spec') {
    if (settled.includes(String(second))) return asIs('what is translated has it applied');
    return undefined;
  }
  if (ofMesh) return undefined;
  if (!isClusters(group)) return meaningless('no part of the mesh');
  return reads ? asIs('the target reads the object itself') : undefined;
}

function metadataFate(
  field: PathSegment | undefined,
  key: PathSegment | undefined,
  ofMesh: boolean,
  reads: boolean,
): FieldFate | undefined {
  if (field === 'name' || field === 'namespace') return asIs('objects refer to each other by it');
  if (field === 'creationTimestamp') return asIs('of two that contradict each other the older counts');
  if (field === 'annotations') {
    const own = /(^|[.])smi-mesh[.]io\//.test(String(key));
    if (ofMesh) return own ? asIs('it is read with the object') : meaningless('nothing reads it');
    return own ? undefined : meaningless('nothing reads it');
  }
  if (field === 'labels' && !ofMesh) return reads ? asIs('the target reads the object itself') : undefined;
  return meaningless(field === 'labels' ? 'labels of such an object select nothing' : 'the apiserver keeps it');
}

/** By kind: lists whose entries name other objects, or are named by them. */
const naming: Readonly<Record<string, string>> = {
  HTTPRouteGroup: 'matches',
  TrafficSplit: 'matches',
  TrafficTarget: 'rules',
};

/** What a field is that nothing in the mesh says: the name of a rule or of a group has done its part when both are found. */
export function unsaidFate({ kind }: SourceDocument, [, list, , field]: readonly PathSegment[]): FieldFate {
  const names = list === naming[kind] && (field === 'name' || field === 'kind');
  return names ? asIs('objects refer to each other by it') : meaningless('nothing in the mesh uses it');
}

const clusters = ['core', 'apps', 'batch', 'discovery.k8s.io'];

function isClusters(group: string): boolean {
  return clusters.includes(group);
}

/** Fields by which an object chooses what it is about: where documents say the object, they say these. */
export const choosing: Readonly<Record<string, readonly string[]>> = {
  TrafficSplit: ['spec.service', 'spec.matches'],
  TrafficTarget: ['spec.destination', 'spec.rules'],
  TrafficPolicy: ['spec.targetRefs', 'spec.matches', 'spec.from', 'spec.ports'],
  IdentityBinding: ['spec'],
  HTTPRoute: ['spec.parentRefs'],
  GRPCRoute: ['spec.parentRefs'],
  TCPRoute: ['spec.parentRefs'],
  UDPRoute: ['spec.parentRefs'],
};
