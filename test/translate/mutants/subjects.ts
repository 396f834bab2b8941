import type { MeshModel } from '../../../src/model/types.ts';
import { type NamedModel, shippedModels } from '../../../src/testkit/index.ts';
import { type Question, questionsAbout } from '../../../src/translate/proof/prove.ts';
import { type Translation, translate } from '../../../src/translate/translate.ts';
import { type GoldenCase, goldenCases } from '../../support/mesh/cases.ts';
import { compileCase } from '../../support/mesh/pipeline.ts';
import { furtherMeshes } from './meshes.ts';
import type { Target } from './targets.ts';

/** A mesh that the emitter is tried with under some options. */
export interface Subject {
  readonly name: string;
  readonly model: MeshModel;
  readonly options: unknown;
  readonly right: Translation;
  /** Requests at its boundaries, with what the mesh means by them. */
  readonly few: () => readonly Question[];
  readonly many: () => readonly Question[];
  /** Where there are golden files of it: the case, and what they say. */
  readonly golden?: GoldenCase;
  readonly written: () => string;
}

const seed = 20_261_128;

/** Golden cases, the models that come with the package, and further meshes, under each of the adapter's options. */
export function subjectsOf(target: Target): readonly Subject[] {
  const goldens = goldenCases().filter(({ outputs }) => outputs === 'all');
  const meshes: readonly (NamedModel & { readonly golden?: GoldenCase })[] = [
    ...goldens.map((golden) => ({ name: golden.name, model: compileCase(golden, 10).model, golden })),
    ...shippedModels().map(({ name, model }) => ({ name: `testkit ${name}`, model })),
    ...furtherMeshes(seed),
  ];
  return target.options.flatMap((given, variant) => {
    const options = target.adapter.parseOptions(given);
    if (!options.ok) throw new Error(options.error[0].message);
    return meshes.map(({ golden, ...mesh }) =>
      subjectOf(target, mesh, options.value, variant === 0 ? golden : undefined),
    );
  });
}

const known = new WeakMap<MeshModel, Map<number, readonly Question[]>>();

function subjectOf(
  { adapter, planeOf }: Target,
  { name, model }: NamedModel,
  options: unknown,
  golden: GoldenCase | undefined,
): Subject {
  const named = (golden?.requests ?? []).map((request) =>
    request.direction === 'outbound' ? request.from : request.workload,
  );
  const written = (): string => {
    if (planeOf !== undefined) {
      const meshed = [...new Set(named)].filter((id) => model.workloads[id as never]?.transport === 'mtls');
      return JSON.stringify(meshed.map((id) => planeOf(model, id as never)));
    }
    const { artifacts, losses } = translate(adapter, model, options);
    return JSON.stringify([
      artifacts.map(({ body }) => body),
      losses.map(({ feature, kind, text }) => [feature, kind, text]),
    ]);
  };
  return {
    ...{ name, model, options, written },
    few: () => questionsOf(model, 200),
    many: () => questionsOf(model, 2_000),
    right: translate(adapter, model, options),
    ...(golden === undefined ? {} : { golden }),
  };
}

/** The same for every option and every fault. */
function questionsOf(model: MeshModel, count: number): readonly Question[] {
  const ofModel = known.get(model) ?? new Map<number, readonly Question[]>();
  known.set(model, ofModel);
  const asked = ofModel.get(count) ?? [...questionsAbout(model, { count, seed })];
  ofModel.set(count, asked);
  return asked;
}
