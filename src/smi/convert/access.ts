import { type Fields, isRecord } from '../../lib/values.ts';
import {
  type Annotations,
  destinationPortAnnotation,
  formatPreserved,
  parsePreserved,
  valueHash,
} from './preserved.ts';
import { type Body, pick, sameAsHub, type VersionForm } from './version-form.ts';

interface TargetSpec {
  readonly destination: Fields;
  readonly rules: readonly Fields[];
  readonly sources: readonly Fields[];
}

/**
 * A ServiceAccount that nobody has. An inert target names it as its only source: some meshes read an empty list of sources
 * as everybody.
 */
const nobody: Fields = { kind: 'ServiceAccount', name: 'nobody.smi-mesh.io' };

export function isNobody(subject: unknown): boolean {
  return isRecord(subject) && subject.kind === nobody.kind && subject.name === nobody.name;
}

/** v1alpha1: no `spec`, and `specs` for the rules. */
export const targetV1alpha1: VersionForm = {
  toHub: ({ destination, specs, sources }) => fromOldFields({ destination, rules: specs, sources }),
  fromHub(hub) {
    const { destination, rules, sources } = toOldFields(hub);
    return { body: { destination, specs: rules, sources } };
  },
};

/** v1alpha2: rules and sources may be left out. */
export const targetV1alpha2: VersionForm = {
  toHub: (body) => fromOldFields(body.spec as Fields),
  fromHub: (hub) => ({ body: { spec: toOldFields(hub) } }),
};

const portOnly = {
  annotations: [destinationPortAnnotation],
  openTo: 'every port of the destination',
} as const;

/** v1alpha3: no port of the destination, which is in an annotation; service accounts only. */
export const targetV1alpha3: VersionForm = {
  ...portOnly,
  toHub: (body, annotations) => joinPort({ spec: known(body.spec as Fields) }, annotations),
  fromHub: (hub) => splitPort({ spec: accountsOnly(specOf(hub)) }),
};

/** v1alpha4 as it is written: the hub, with the port in an annotation. */
export const targetV1alpha4: VersionForm = {
  ...portOnly,
  toHub: (body, annotations) => joinPort(sameAsHub.toHub(body, annotations) ?? body, annotations),
  fromHub: (hub) => splitPort(hub),
};

function specOf(hub: Body): TargetSpec {
  return hub.spec as TargetSpec;
}

function fromOldFields({ destination, rules = [], sources = [] }: Fields): Body {
  const { port, ...subject } = pick(destination as Fields, ['kind', 'name', 'namespace', 'port']);
  const spec = known({ destination: subject, rules, sources });
  return { spec: { ...spec, destination: { ...subject, ...(port == null ? {} : { port: Number(port) }) } } };
}

function toOldFields(hub: Body): TargetSpec {
  const { destination, rules, sources } = accountsOnly(specOf(hub));
  // A UDPRoute never narrows other rules, so that leaving it out leaves less; without any rule nobody may come.
  const shown = rules.filter(({ kind }) => kind !== 'UDPRoute');
  return { destination, rules: shown, sources: shown.length < rules.length && shown.length === 0 ? [nobody] : sources };
}

/** The fields that every version has. */
function known(spec: Fields): TargetSpec {
  const { destination, rules, sources } = spec as unknown as TargetSpec;
  const subject = (fields: Fields) => pick(fields, ['kind', 'name', 'namespace']);
  return {
    destination: subject(destination),
    rules: rules.map((rule) => pick(rule, ['kind', 'name', 'matches'])),
    sources: sources.map(subject),
  };
}

/** Without identities that versions before v1alpha4 cannot name. */
function accountsOnly(spec: TargetSpec): TargetSpec {
  if (!isAccount(spec.destination)) return { destination: nobody, rules: [], sources: [nobody] };
  const { port } = spec.destination;
  const { destination, rules, sources } = known({ ...spec, sources: spec.sources.filter(isAccount) });
  return {
    destination: { ...destination, ...(port === undefined ? {} : { port }) },
    rules,
    sources: sources.length === 0 ? [nobody] : sources,
  };
}

function isAccount({ kind }: Fields): boolean {
  return kind === 'ServiceAccount';
}

/** The port moves from its field to the annotation, which belongs to the destination beside it. */
function splitPort(hub: Body): { readonly body: Body; readonly annotations: Annotations } {
  const { spec } = hub;
  if (!isRecord(spec) || !isRecord(spec.destination)) return { body: hub, annotations: {} };
  const { port, ...destination } = spec.destination;
  if (port === undefined) return { body: hub, annotations: {} };
  return {
    body: { ...hub, spec: { ...spec, destination } },
    annotations: { [destinationPortAnnotation]: formatPreserved(destination, { value: port }) },
  };
}

/** The reverse. Text that no conversion has written becomes the port, so that the object is refused rather than opened. */
function joinPort(body: Body, annotations: Annotations): Body {
  const text = annotations[destinationPortAnnotation];
  const spec = body.spec;
  if (text === undefined || !isRecord(spec) || !isRecord(spec.destination)) return body;
  const kept = parsePreserved(text);
  if (kept !== undefined && kept.of !== valueHash(spec.destination)) return body;
  return {
    ...body,
    spec: { ...spec, destination: { ...spec.destination, port: kept === undefined ? text : kept.value } },
  };
}
