import type { Fields } from '../../lib/values.ts';
import type { Annotations } from './preserved.ts';

/**
 * The body of an object: everything but `apiVersion`, `kind`, `metadata` and `status`. The hub body is that of the newest
 * version, and for a TrafficTarget has `spec.destination.port` beside it.
 */
export type Body = Fields;

/**
 * How one version says what the hub body says. Both directions take bodies that the JSON Schema of their version accepts,
 * leave out fields that it does not have, and never give a body that means more than the one they were given.
 */
export interface VersionForm {
  /** `undefined`: the body is refused although its schema accepts it. */
  toHub(body: Body, annotations: Annotations): Body | undefined;
  fromHub(hub: Body): Said;
  /** Annotations that `toHub` reads and `fromHub` writes. */
  readonly annotations?: readonly string[];
  /** Set where a body says nothing: then no edit of it can outdate what an annotation keeps. */
  readonly fieldless?: true;
  /** What a reader sees who does not know the annotations, where that is more than the object means. */
  readonly openTo?: string;
}

/** What the annotation named after the hub's version belongs to: the body as far as it says anything. */
export function meant(form: VersionForm | undefined, body: Body): Body {
  return form?.fieldless ? {} : body;
}

/** What one version says of a hub body, perhaps with the help of annotations. */
export interface Said {
  readonly body: Body;
  readonly annotations?: Annotations;
}

/** A version whose fields are those of the hub. */
export const sameAsHub: VersionForm = {
  toHub: (body) => body,
  fromHub: (body) => ({ body }),
};

/** The named fields, as far as they are there. */
export function pick(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.flatMap((name) => (Object.hasOwn(fields, name) ? [[name, fields[name]]] : [])));
}
