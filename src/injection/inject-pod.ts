import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { interceptionArguments } from '../interception/interception.ts';
import { type DataPlaneKind, podAnnotations } from '../kubernetes/names.ts';
import type { KubernetesVersion } from '../kubernetes/server-version.ts';
import { strayNames } from '../kubernetes/stray-names.ts';
import { formatFieldPath } from '../lib/field-path.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { type PodChoices, readChoices } from './choices.ts';
import { conflictsOf } from './conflicts.ts';
import { initContainer, sidecarContainerList } from './containers.ts';
import { eligibility, type PodNamespace, type SkipReason } from './eligibility.ts';
import { holdPrograms } from './hold.ts';
import { type PodParts, type PodPlace, readPodParts } from './pod-parts.ts';
import { rewriteProbes } from './probes.ts';
import type { InjectionSettings, MeshIdentity } from './settings.ts';
import { sidecarVolumeList } from './volumes.ts';

export interface InjectionContext {
  readonly namespace: PodNamespace;
  readonly settings: InjectionSettings;
  readonly mesh: MeshIdentity;
  /** Of the apiserver; unknown counts as one that has native sidecars. */
  readonly serverVersion?: KubernetesVersion;
  /** What is reported. */
  readonly place: PodPlace;
}

/** One operation of a JSON Patch (RFC 6902); `add` replaces what is there. */
export interface PatchOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

export type Injection =
  | {
      readonly kind: 'injected';
      readonly dataPlane: DataPlaneKind;
      readonly pod: Fields;
      readonly patch: readonly PatchOperation[];
      readonly warnings: readonly Diagnostic[];
    }
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly warnings: readonly Diagnostic[] }
  /** The pod must not run: not with a sidecar as it is, and not without one. */
  | { readonly kind: 'refused'; readonly faults: readonly Diagnostic[] };

/** First version of Kubernetes in which sidecars that are init containers are on by default. */
const firstNative = { major: 1, minor: 29 };
const usualGraceSeconds = 30;

/**
 * Gives a pod, or the template of one, its sidecar. Only what the sidecar needs is added, and the probes that it would
 * stand in the way of are led through it; everything else of the pod stays as it is written.
 */
export function injectPod(object: Fields, context: InjectionContext): Injection {
  const { settings, place } = context;
  const parts = readPodParts(object, place);
  if (!parts.ok) return { kind: 'refused', faults: parts.error };
  const pod = parts.value;
  const eligible = eligibility(pod, context.namespace, context.mesh.systemNamespace, place);
  if (eligible.kind !== 'eligible') return eligible;
  const choices = readChoices(pod, settings, place);
  const faults = [...(choices.ok ? [] : choices.error), ...conflictsOf(pod, place)];
  if (!choices.ok || faults.length > 0) return { kind: 'refused', faults };
  const native = isNative(context);
  const changes = changesOf(pod, choices.value, native, context);
  return {
    kind: 'injected',
    dataPlane: choices.value.dataPlane,
    pod: {
      ...object,
      metadata: { ...(isRecord(object.metadata) ? object.metadata : {}), annotations: changes.annotations },
      spec: { ...pod.spec, ...changes.spec },
    },
    patch: patchOf(object, changes),
    warnings: [...(native ? [] : warningsOf(pod, place)), ...strayNames(object.metadata, 'pod', place)],
  };
}

function isNative({ settings, serverVersion }: InjectionContext): boolean {
  if (settings.nativeSidecars !== 'auto') return settings.nativeSidecars === 'on';
  if (serverVersion === undefined) return true;
  const { major, minor } = serverVersion;
  return major > firstNative.major || (major === firstNative.major && minor >= firstNative.minor);
}

interface Changes {
  readonly annotations: Fields;
  readonly spec: Readonly<Record<'initContainers' | 'containers' | 'volumes', readonly Fields[]>>;
}

function changesOf(pod: PodParts, choices: PodChoices, native: boolean, context: InjectionContext): Changes {
  const { settings, mesh } = context;
  const grace = pod.spec.terminationGracePeriodSeconds;
  const graceSeconds = typeof grace === 'number' ? grace : usualGraceSeconds;
  const excludedPorts = new Set(choices.interception.excludeInboundPorts);
  const rewrite = { excludedPorts, hookSeconds: Math.max(1, graceSeconds) };
  const programs = rewriteProbes(pod.containers, rewrite);
  const before = rewriteProbes(pod.initContainers, rewrite);
  const probes = { ...before.table, ...programs.table };
  const held = holdPrograms(programs.containers);
  const plan = { choices, settings, mesh, native, probes, graceSeconds };
  const sidecar = sidecarContainerList(plan);
  const rules = interceptionArguments(choices.interception, choices.dataPlane);
  return {
    annotations: {
      ...pod.annotations,
      [podAnnotations.injected]: choices.dataPlane,
      ...(settings.cni ? { [podAnnotations.interception]: rules.join(' ') } : {}),
      ...(native ? {} : defaultContainer(pod)),
    },
    spec: {
      // Without a running sidecar, init containers have their connections as long as nothing is redirected.
      initContainers: native
        ? [initContainer(plan), ...sidecar, ...before.containers]
        : [...before.containers, initContainer(plan)],
      containers: native ? held : [...sidecar, ...held],
      volumes: [...pod.volumes, ...sidecarVolumeList()],
    },
  };
}

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/** The sidecar comes first in the list, and `kubectl logs` shall show the program all the same. */
function defaultContainer({ annotations, containers }: PodParts): Fields {
  const [first] = containers;
  return first === undefined || annotations[defaultContainerAnnotation] !== undefined
    ? {}
    : { [defaultContainerAnnotation]: first.name };
}

function patchOf(object: Fields, changes: Changes): readonly PatchOperation[] {
  const add = (path: string, value: unknown): PatchOperation => ({ op: 'add', path, value });
  return [
    isRecord(object.metadata)
      ? add('/metadata/annotations', changes.annotations)
      : add('/metadata', { annotations: changes.annotations }),
    ...Object.entries(changes.spec).map(([field, value]) => add(`/spec/${field}`, value)),
  ];
}

function warningsOf({ spec }: PodParts, place: PodPlace): readonly Diagnostic[] {
  if (spec.restartPolicy !== 'Never' && spec.restartPolicy !== 'OnFailure') return [];
  const message = `the pod has restartPolicy ${spec.restartPolicy}, and its sidecar, an ordinary container, keeps it running after its programs have ended`;
  const path = formatFieldPath([...place.path, 'spec', 'restartPolicy']);
  return [diagnostic('SMI6204', { message, origin: { object: place.object, path } })];
}
