import fc from 'fast-check';
import { serviceId } from '../../../src/model/ids.ts';
import type {
  HeaderMatch,
  HttpMatch,
  MeshModel,
  OutboundRule,
  PathMatch,
  PortPolicy,
} from '../../../src/model/types.ts';
import { modelOf, type NamedModel } from '../../../src/testkit/index.ts';
import { meshOf } from '../../support/gateway-api/mesh.ts';
import { rules } from '../../support/gateway-api/rules.ts';

const [plain, withPolicies] = [60, 30];

/** What golden cases have little of: rules in every order, policies beside them, long lists, gRPC calls, and odd grants. */
export function furtherMeshes(seed: number): readonly NamedModel[] {
  const random = fc.sample(rules, { seed, numRuns: plain + withPolicies });
  const ofSome = limits(1_000, match({ path: regex('/a/b+') }));
  const timed = limits(2_000, match({ path: { kind: 'prefix', value: '/' } }));
  return [
    ...random.slice(0, plain).map((some, index) => ({ name: `random ${index}`, model: meshOf(some) })),
    ...random.slice(plain).map((some, index) => {
      const covering = random[index] ?? [];
      const policies = covering.slice(0, 2).map((rule, at) => limits(1_000 * (at + 1), rule.match));
      return { name: `random ${index} with policies`, model: meshOf(some, { policies: policies as never }) };
    }),
    { name: 'many rules', model: meshOf(manyRules()) },
    { name: 'odd rules', model: meshOf(oddRules) },
    { name: 'low rules', model: meshOf(lowRules) },
    { name: 'limits of some', model: meshOf([rule('one', { path: regex('/a(?:/.*)?') })], { policies: [ofSome] }) },
    { name: 'calls', model: ofCalls(meshOf(callRules)) },
    { name: 'calls below a path', model: ofCalls(meshOf([rule('one', { path: regex('/x-y(?:/.*)?') })])) },
    { name: 'no calls', model: ofCalls(meshOf([rule('one', { methods: ['GET'] })])) },
    { name: 'calls with limits', model: ofCalls(meshOf(callRules, { policies: [timed] })) },
    written('grants'),
    written('grants', 'whole-paths'),
  ];
}

/** The manifests of that name, on the workloads of the contract suite's models. */
function written(...names: readonly string[]): NamedModel {
  const files = names.map((name) => `test/translate/mutants/manifests/${name}.yaml`);
  return modelOf(names.join(' '), ['testkit/base.yaml', ...files]);
}

function match(asked: Partial<HttpMatch>): HttpMatch {
  return { methods: 'any', path: 'any', headers: 'any', origins: [], ...asked };
}

function rule(name: string, asked: Partial<HttpMatch>, from: OutboundRule['from'] = 'any'): OutboundRule {
  const target = { service: serviceId('default', name), port: 80, weight: 1, origins: [] };
  return { from, match: match(asked), to: { kind: 'weighted', targets: [target] }, origins: [] };
}

function limits(request: number, asked: HttpMatch | 'any'): NonNullable<PortPolicy['policies']>[number] {
  const matches = asked === 'any' ? asked : ([asked] as const);
  return { policy: `default/limit-${request}`, matches, fields: { timeouts: { request } }, origins: [] };
}

const exact = (value: string): PathMatch => ({ kind: 'exact', value });
const regex = (re2: string): PathMatch => ({ kind: 'regex', re2 });

/** More rules and matches than one object of most targets holds. */
function manyRules(): readonly OutboundRule[] {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
  const texts = Array.from({ length: 8 }, (_, index) => `/many/${index}`);
  return [
    ...Array.from({ length: 40 }, (_, index) =>
      rule(index % 2 === 0 ? 'one' : 'two', { path: exact(`/few/${index}`) }),
    ),
    ...['/a', '/b'].map((start) => rule('one', { methods, path: regex(texts.map((text) => start + text).join('|')) })),
  ];
}

/** One header with two expressions, an expression that has everything in it, clients of several namespaces. */
const oddRules: readonly OutboundRule[] = [
  rule('one', { headers: [header('x-a', '1.*'), header('x-a', '.*2')] }),
  rule('two', { path: regex('/a|.*'), headers: [header('x-b', '1')] }),
  rule('one', { path: exact('/both') }, ['default', 'other'] as never),
  rule('two', { path: exact('/other') }, ['other'] as never),
];

/** Paths that are nearly below others. */
const lowRules: readonly OutboundRule[] = [
  rule('one', { path: regex('/low|/elsewhere/.*') }),
  rule('two', { path: regex('/end|/end/') }),
];

function header(name: string, re2: string): HeaderMatch {
  return { name, re2 };
}

const callRules: readonly OutboundRule[] = [
  rule('one', { methods: ['POST'], path: exact('/shop.Books/List') }),
  rule('one', { methods: ['GET'], path: exact('/shop.Books/Get') }),
  rule('two', { path: regex('/shop[.]Books(?:/.*)?') }),
];

/** The same mesh, whose ports say that they are for gRPC. */
function ofCalls(model: MeshModel): MeshModel {
  const services = Object.entries(model.services).map(([id, service]) => [
    id,
    { ...service, ports: service.ports.map((port) => ({ ...port, name: 'grpc', http2: true })) },
  ]);
  return { ...model, services: Object.fromEntries(services) };
}
