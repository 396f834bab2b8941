import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import { fieldOf } from '../kubernetes/field.ts';
import type { PathSegment } from '../lib/field-path.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { Fields } from '../lib/values.ts';

/** A container as it is written, with what the injection reads of it. */
export type Container = Fields & { readonly name: string };

/** A pod, or the template of one, as it is written: the parts that the injection reads or adds to. */
export interface PodParts {
  readonly object: Fields;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Fields;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly Fields[];
}

/** Where a pod stands: the object that is reported, and the way to the pod in it. */
export interface PodPlace {
  readonly object: ObjectKey;
  readonly path: readonly PathSegment[];
}

/** Takes a pod apart; `error` says what has another form than in Kubernetes. */
export function readPodParts(object: Fields, place: PodPlace): Result<PodParts, readonly Diagnostic[]> {
  const diagnostics: Diagnostic[] = [];
  let whole: unknown = object;
  for (const segment of place.path.toReversed()) whole = { [segment]: whole };
  const field = place.path.reduce((outer, segment) => outer.at(segment), fieldOf(place.object, whole, diagnostics));
  const [metadata, spec] = [field.at('metadata'), field.at('spec')];
  const labels = metadata.at('labels').textMap();
  const annotations = metadata.at('annotations').textMap();
  for (const list of ['containers', 'initContainers'] as const) {
    if (list === 'containers' && !spec.at(list).present) spec.at(list).missing();
    for (const container of spec.at(list).items()) {
      if (container.at('name').text() === undefined) container.at('name').missing();
      for (const port of container.at('ports').items()) port.at('containerPort');
    }
  }
  for (const volume of spec.at('volumes').items()) volume.at('name').text();
  if (diagnostics.length > 0) return err(diagnostics);
  const written = object.spec as Fields;
  return ok({
    object,
    labels,
    annotations,
    spec: written,
    containers: (written.containers ?? []) as readonly Container[],
    initContainers: (written.initContainers ?? []) as readonly Container[],
    volumes: (written.volumes ?? []) as readonly Fields[],
  });
}
