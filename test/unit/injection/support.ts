import { objectKey } from '../../../src/diagnostics/origin.ts';
import { type Injection, type InjectionContext, injectPod } from '../../../src/injection/inject-pod.ts';
import {
  defaultInjectionSettings,
  defaultMeshIdentity,
  type InjectionSettings,
} from '../../../src/injection/settings.ts';
import { injectLabel } from '../../../src/kubernetes/names.ts';
import type { Fields } from '../../../src/lib/values.ts';

export interface ContextChanges extends Partial<Omit<InjectionContext, 'settings'>> {
  readonly settings?: Partial<InjectionSettings>;
}

export function contextWith({ settings, ...others }: ContextChanges = {}): InjectionContext {
  return {
    namespace: { name: 'shop', labels: { [injectLabel]: 'enabled' } },
    mesh: defaultMeshIdentity,
    place: { object: objectKey('', 'Pod', 'shop', 'web'), path: [] },
    settings: { ...defaultInjectionSettings, ...settings },
    ...others,
  };
}

type Injected = Extract<Injection, { readonly kind: 'injected' }>;

/** A container as tests look at it. */
export interface SeenContainer {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly restartPolicy?: string;
  readonly resources?: { readonly requests?: Fields; readonly limits?: Fields };
  readonly securityContext?: Fields;
  readonly lifecycle?: Fields;
  readonly startupProbe?: Fields;
  readonly readinessProbe?: Fields;
  readonly livenessProbe?: Fields;
}

export interface SeenPod {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: Fields & {
    readonly containers: readonly SeenContainer[];
    readonly initContainers: readonly SeenContainer[];
    readonly volumes: readonly Fields[];
  };
}

export function injected(pod: Fields, changes?: ContextChanges): Omit<Injected, 'pod'> & { readonly pod: SeenPod } {
  const injection = injectPod(pod, contextWith(changes));
  if (injection.kind !== 'injected') throw new Error(`not injected: ${JSON.stringify(injection)}`);
  return { ...injection, pod: injection.pod as unknown as SeenPod };
}

export function podWith(container: Fields = {}, spec: Fields = {}, annotations?: Readonly<Record<string, string>>) {
  return {
    metadata: { name: 'web', ...(annotations === undefined ? {} : { annotations }) },
    spec: { containers: [{ name: 'web', image: 'web', ...container }], ...spec },
  };
}

export function containerOf({ spec }: SeenPod, name: string): SeenContainer {
  const found = [...spec.containers, ...spec.initContainers].find((container) => container.name === name);
  if (found === undefined) throw new Error(`there is no container ${name}`);
  return found;
}
