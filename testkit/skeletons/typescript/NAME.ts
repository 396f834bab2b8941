import {
  type Artifact,
  diagnostic,
  err,
  features,
  isRecord,
  type MeshModel,
  ok,
  type SupportTable,
  type Translator,
  type UnitId,
} from 'smi-mesh/adapter';

interface Options {
  /** `elsewhere`: something else keeps callers out. */
  readonly access?: 'elsewhere';
}

/** What the target can say, by feature; TypeScript would rather have each written out. */
const support = {
  ...(Object.fromEntries(features.map((name) => [name, { level: 'none', why: 'not written yet' }])) as SupportTable),
  'http-routing': { level: 'approximate', how: 'a list of services with their weights, as an example' },
  'weighted-split': { level: 'exact' },
} satisfies SupportTable;

const adapter: Translator<Options> = {
  contract: 1,
  id: 'NAME',
  support,
  parseOptions(input = {}) {
    const refuse = (message: string) => err([diagnostic('SMI5003', { message })] as const);
    if (!isRecord(input)) return refuse('NAME takes options as a mapping');
    const unknown = Object.keys(input).filter((name) => name !== 'access');
    if (unknown.length > 0) return refuse(`NAME has no option ${unknown.join(', ')}`);
    if (input.access === undefined) return ok({});
    return input.access === 'elsewhere'
      ? ok({ access: 'elsewhere' })
      : refuse('access can be elsewhere and nothing else');
  },
  // A target that lets everybody in must not stand for a mesh that does not.
  refuse(model, { access }) {
    const closed = Object.values(model.inbound).some(({ mode, policies }) => mode === 'deny' || policies !== undefined);
    if (!closed || access === 'elsewhere') return [];
    return [diagnostic('SMI5004', { message: 'NAME keeps nobody out, and the mesh does' })];
  },
  // What can be emitted alone: here a document for each service.
  units: (model) => Object.keys(model.services) as UnitId[],
  emitUnit(model, unit): readonly Artifact[] {
    const service = Object.values(model.services).find(({ id }) => String(id) === unit);
    return service === undefined ? [] : [documentOf(model, service.id)];
  },
};

function documentOf(model: MeshModel, id: keyof MeshModel['services']): Artifact {
  const rules = Object.values(model.outbound[id]?.ports ?? {}).flatMap(({ port, rules }) =>
    rules.map((rule) => ({ port, rule })),
  );
  const lines = rules.map(({ port, rule: { to } }) => {
    const shares = to.kind === 'weighted' ? to.targets.map((one) => ` ${one.service}:${one.port}=${one.weight}`) : [];
    return `${id}:${port} ${to.kind}${shares.join('')}\n`;
  });
  const origins = [...(model.services[id]?.origins ?? []), ...rules.flatMap(({ rule }) => rule.origins)];
  return { name: `${id.replace('/', '.')}.conf`, format: 'NAME', body: lines.join(''), origins };
}

export default adapter;
