import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { clusterNamespaces, injectLabel, podAnnotations, sidecarContainers } from '../kubernetes/names.ts';
import { formatFieldPath } from '../lib/field-path.ts';
import { isRecord } from '../lib/values.ts';
import type { PodParts, PodPlace } from './pod-parts.ts';

/** Why a pod stays as it is; nothing is wrong with it. */
export type SkipReason =
  | 'system-namespace'
  | 'not-chosen'
  | 'opted-out'
  | 'host-network'
  | 'other-system'
  | 'already-injected';

export type Eligibility =
  | { readonly kind: 'eligible' }
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly warnings: readonly Diagnostic[] }
  | { readonly kind: 'refused'; readonly faults: readonly Diagnostic[] };

/** The namespace that a pod is to run in. */
export interface PodNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const choices = ['enabled', 'disabled'];

/** What each reason means, as the end of a sentence about the pod. */
export const skipSentences: Readonly<Record<SkipReason, string>> = {
  'system-namespace': 'is of a namespace of the cluster itself, or of the mesh',
  'not-chosen': `has no label ${injectLabel}: enabled, nor has its namespace`,
  'opted-out': `has the label ${injectLabel}: disabled, or its namespace has`,
  'host-network': 'uses the network of its node, where redirection would catch every program of the node',
  'other-system': 'is not for Linux',
  'already-injected': 'has its sidecar already',
};

/** Whether a pod is to have a sidecar: by its own label first, then by that of its namespace. */
export function eligibility(
  pod: PodParts,
  namespace: PodNamespace,
  systemNamespace: string,
  place: PodPlace,
): Eligibility {
  const skip = (reason: SkipReason, warnings: readonly Diagnostic[] = []): Eligibility => ({
    kind: 'skipped',
    reason,
    warnings,
  });
  if ([...clusterNamespaces, systemNamespace].includes(namespace.name)) return skip('system-namespace');
  const own = pod.labels[injectLabel];
  const label = own ?? namespace.labels[injectLabel];
  if (label !== undefined && !choices.includes(label)) {
    const whose = own === undefined ? `of the namespace ${namespace.name} ` : '';
    const message = `the label ${injectLabel} ${whose}is ${JSON.stringify(label)}, neither enabled nor disabled`;
    if (own === undefined) return skip('not-chosen', [diagnostic('SMI6203', { message })]);
    const path = formatFieldPath([...place.path, 'metadata', 'labels', injectLabel]);
    const fault = { message: `${message}; the pod is refused`, origin: { object: place.object, path } };
    return { kind: 'refused', faults: [diagnostic('SMI6201', fault)] };
  }
  if (label === undefined) return skip('not-chosen');
  if (label === 'disabled') return skip('opted-out');
  if (pod.spec.hostNetwork === true) return skip('host-network');
  if (isRecord(pod.spec.os) && pod.spec.os.name === 'windows') return skip('other-system');
  if (isInjected(pod)) return skip('already-injected');
  return { kind: 'eligible' };
}

function isInjected({ annotations, containers, initContainers }: PodParts): boolean {
  const names: readonly string[] = [sidecarContainers.proxy, sidecarContainers.envoy];
  return (
    annotations[podAnnotations.injected] !== undefined &&
    [...containers, ...initContainers].some(({ name }) => names.includes(name))
  );
}
