import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { objectKey } from '../diagnostics/origin.ts';
import { type InjectionContext, injectPod } from '../injection/inject-pod.ts';
import { injectLabel } from '../kubernetes/names.ts';
import { isRecord } from '../lib/values.ts';
import type { AdmissionHandler } from './admission.ts';
import { sentence } from './sentence.ts';

export type InjectorOptions = Pick<InjectionContext, 'settings' | 'mesh' | 'serverVersion'>;

/**
 * Gives new pods their sidecars. Which namespaces and pods are asked about the selectors of the webhook's configuration decide, by
 * the labels that the apiserver has at that moment; a pod's own label is looked at once more, and pods of the cluster itself
 * stay as they are whatever the configuration says.
 */
export function createInjector({ settings, mesh, serverVersion }: InjectorOptions): AdmissionHandler {
  return ({ operation, subResource, kind, namespace = 'default', name, object }) => {
    if (operation !== 'CREATE' || subResource !== undefined || kind.kind !== 'Pod' || object === undefined) return {};
    const metadata = isRecord(object.metadata) ? object.metadata : {};
    // The apiserver makes the name only after this.
    const called = name ?? `${typeof metadata.generateName === 'string' ? metadata.generateName : ''}*`;
    const injection = injectPod(object, {
      settings,
      mesh,
      ...(serverVersion === undefined ? {} : { serverVersion }),
      namespace: { name: namespace, labels: { [injectLabel]: 'enabled' } },
      place: { object: objectKey('', 'Pod', namespace, called), path: [] },
    });
    switch (injection.kind) {
      case 'injected':
        return { patch: injection.patch, ...withWarnings(injection.warnings) };
      case 'skipped':
        return withWarnings(injection.warnings);
      case 'refused':
        return { refusal: { code: 422, reason: 'Invalid', message: injection.faults.map(sentence).join('\n') } };
    }
  };
}

function withWarnings(warnings: readonly Diagnostic[]): { readonly warnings?: readonly string[] } {
  return warnings.length === 0 ? {} : { warnings: warnings.map(sentence) };
}
