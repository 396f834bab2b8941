import { isDeepStrictEqual } from 'node:util';
import type { UnitId } from '../../adapter/contract.ts';
import { createEmitter } from '../../adapter/emitter.ts';
import { features } from '../../adapter/features.ts';
import { identityOf } from '../../adapter/identity.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { isRecord } from '../../lib/values.ts';
import { originsWithin } from '../../model/origins.ts';
import type { MeshModel } from '../../model/types.ts';
import { type ContractCase, contractCase, type Subject } from '../case.ts';
import { differences, type Emitted, emitted, type Observed, observe, originText, shownName } from '../emission.ts';
import { withNeighbour } from '../models.ts';
import { isRefusal, type Trial } from '../trial.ts';

/**
 * What holds of every model: an answer, the same bytes whoever asks and how often, places for everything, units that stand
 * alone.
 */
export function emissionCases(subject: Subject, trial: Trial): readonly ContractCase[] {
  const { adapter, options } = subject;
  const { name, model, first, skipped, failed } = trial;
  const unanswered = failed ? skipped : undefined;
  return [
    contractCase(`answer: ${name}`, () => answerProblems(first())),
    contractCase(
      `determinism: ${name}`,
      () => {
        const frozen = deepFrozen(structuredClone(model)) as MeshModel;
        const turned = reordered(model);
        return [
          ...differences(first(), observe(adapter, frozen, options)).map((text) => `asked again: ${text}`),
          ...differences(first(), observe(adapter, turned, options)).map(
            (text) => `with keys in another order: ${text}`,
          ),
        ];
      },
      unanswered,
    ),
    contractCase(`losses: ${name}`, () => lossProblems(subject, model, first()), skipped),
    contractCase(`origins: ${name}`, () => originProblems(subject, model, first()), skipped),
    contractCase(`units: ${name}`, () => unitProblems(subject, model, first()), skipped),
  ];
}

/** Documents, or a refusal: whatever else comes is no answer. */
function answerProblems({ refusals }: Observed): readonly string[] {
  return refusals.flatMap((refusal) => {
    const { code, severity, message } = refusal;
    if (!isRefusal(refusal)) return [`${code} is no refusal (SMI5004): ${message}`];
    return severity === 'error' && message !== '' ? [] : [`a refusal is no error: ${message}`];
  });
}

/** Each artifact says where it comes from, in words of the model; without a place it may not depend on any rule. */
function originProblems({ adapter, options }: Subject, model: MeshModel, { artifacts }: Observed): readonly string[] {
  const known = knownPlaces(model);
  const nowhere = artifacts.filter(({ origins }) => origins.length === 0);
  const ofDefaults = nowhere.length === 0 ? [] : observe(adapter, withoutRules(model), options).artifacts;
  const same = new Map(ofDefaults.map((artifact) => [identityOf(artifact), artifact]));
  return [
    ...nowhere
      .filter((artifact) => !isDeepStrictEqual(same.get(identityOf(artifact))?.body, artifact.body))
      .map((artifact) => `${shownName(artifact)} has no origins, and is another one without the mesh's rules`),
    ...artifacts.flatMap((artifact) =>
      unknownPlaces(artifact.origins, known).map((text) => `${shownName(artifact)} ${text}`),
    ),
  ];
}

function lossProblems({ adapter }: Subject, model: MeshModel, { losses }: Observed): readonly string[] {
  const known = knownPlaces(model);
  return losses.flatMap(({ feature, text, kind, origins }) => [
    ...(features.includes(feature) ? [] : [`a loss is of ${feature}, which is no feature`]),
    ...(adapter.support[feature]?.level === 'exact' ? [`${feature} is called exact, and lost: ${text}`] : []),
    ...(typeof text === 'string' && text.trim() !== '' ? [] : [`a loss of ${feature} (${kind}) has no text`]),
    ...unknownPlaces(origins, known).map((problem) => `the loss of ${feature} ${problem}`),
  ]);
}

/**
 * Units and artifacts have names of their own; a neighbour changes only what names it, as a place or in its text; and emitted after each other, as a
 * control plane does, models give what they give alone.
 */
function unitProblems({ adapter, options }: Subject, model: MeshModel, alone: Observed): readonly string[] {
  const beside = withNeighbour(model);
  const together = observe(adapter, beside, options);
  if (together.refusals.length > 0)
    return together.refusals.map(({ message }) => `with a neighbour it is refused: ${message}`);
  const own = new Set(knownPlaces(model).map(({ object }) => object));
  const isForeign = ({ origins, text }: Emitted) =>
    origins.some(({ object }) => !own.has(object)) || text.includes('neighbour');
  const emitter = createEmitter(adapter, options);
  const series = [model, beside, model].map((each) => {
    const artifacts = [...emitter.emit(each)].flatMap(([unit, list]) =>
      list.map((artifact) => emitted(adapter, unit, artifact)),
    );
    return { artifacts, losses: [], refusals: [] };
  });
  const fresh = [alone, together, alone];
  return [
    ...repeated(adapter.units(model, { options })).map((unit: UnitId) => `there are two units ${unit}`),
    ...('view' in adapter ? [] : repeated(alone.artifacts.map(identityOf))).map(
      (identity) => `there are two artifacts ${identity}`,
    ),
    ...differences(alone, together, { relevant: (artifact) => !isForeign(artifact) }).map(
      (text) => `with a neighbour that it does not name: ${text}`,
    ),
    ...series.flatMap((seen, step) => {
      const expected = fresh[step];
      return expected === undefined
        ? []
        : differences(expected, seen).map((text) => `emitted after another model: ${text}`);
    }),
  ];
}

function repeated<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items.filter((item, index) => items.indexOf(item) !== index))];
}

function knownPlaces(model: MeshModel): readonly Origin[] {
  return originsWithin(model);
}

/** A place counts as known when the model has it, something around it, or something within it. */
function unknownPlaces(origins: readonly Origin[], known: readonly Origin[]): readonly string[] {
  const isKnown = ({ object, path }: Origin) =>
    known.some((place) => place.object === object && (within(place.path, path) || within(path, place.path)));
  return origins
    .filter((origin) => !isKnown(origin))
    .map((origin) => `names ${originText(origin)}, which the model does not`);
}

function within(path: string, outer: string): boolean {
  return outer === '' || path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

/** The same services and workloads, as if nobody had written splits, grants or policies. */
function withoutRules(model: MeshModel): MeshModel {
  const outbound = Object.entries(model.outbound).map(([id, policy]) => {
    const ports = Object.entries(policy.ports).map(([key, { port, protocol }]) => [
      key,
      { port, protocol, rules: [{ from: 'any', match: 'any', to: { kind: 'self' }, origins: [] }] },
    ]);
    return [id, { ...policy, ports: Object.fromEntries(ports) }];
  });
  const inbound = Object.entries(model.inbound).map(([id, { set, mode }]) => [id, { set, mode, grants: [] }]);
  return {
    ...model,
    outbound: Object.fromEntries(outbound),
    inbound: Object.fromEntries(inbound),
    telemetry: { splits: [], queries: [] },
  };
}

function deepFrozen(value: unknown): unknown {
  if (typeof value === 'object' && value !== null)
    for (const field of Object.values(Object.freeze(value))) deepFrozen(field);
  return value;
}

/** A copy whose nodes have their fields in the reverse order; records that the model sorts stay sorted. */
function reordered(model: MeshModel): MeshModel {
  const { services, workloads, outbound, inbound, ...rest } = model;
  const records = Object.entries({ services, workloads, outbound, inbound }).map(([name, nodes]) => {
    return [name, Object.fromEntries(Object.entries(nodes).map(([key, node]) => [key, reversed(node)]))] as const;
  });
  return { ...Object.fromEntries(records), ...(reversed(rest) as typeof rest) } as MeshModel;
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isRecord(value)) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, reversed(field)] as const);
  return Object.fromEntries(fields.reverse());
}
