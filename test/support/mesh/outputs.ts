import { relative } from 'node:path';
import { Document, visit } from 'yaml';
import { staticBootstrap } from '../../../adapters/envoy/index.ts';
import { gatewayApiAdapter } from '../../../adapters/gateway-api/index.ts';
import { istioAdapter } from '../../../adapters/istio/index.ts';
import type { Translator } from '../../../src/adapter/contract.ts';
import { emitAll } from '../../../src/adapter/emit-all.ts';
import { describeObject } from '../../../src/diagnostics/origin.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import type { CaseRequest, GoldenCase } from './cases.ts';
import { type CompiledCase, compileCase } from './pipeline.ts';
import { proxyResources } from './plane-proxy.ts';

/** Outputs carry addresses, so they are made for one fixed range. */
const base = 10;

interface Written {
  readonly file: string;
  readonly translator: Translator;
  /** Under these it writes something of every mesh. */
  readonly options: unknown;
  /** Of some cases alone, which show all that these options are about. */
  readonly cases?: readonly string[];
}

/** What the adapters that write documents are asked for. */
const written: readonly Written[] = [
  { file: 'gateway-api.yaml', translator: gatewayApiAdapter, options: { access: 'elsewhere' } },
  { file: 'istio.yaml', translator: istioAdapter, options: { datagrams: 'elsewhere' } },
  {
    file: 'istio-gateway-api.yaml',
    translator: istioAdapter,
    options: { datagrams: 'elsewhere', routes: 'gateway-api', grpc: 'GRPCRoute' },
    cases: [
      'gateway-consumer',
      'gateway-filters',
      'gateway-grpc',
      'service-hosts',
      'split-several-ordered',
      'split-tcp-weights',
    ],
  },
];

/** What a case's inputs turn into, by path below `expected/`. */
export function outputsOf(golden: GoldenCase): ReadonlyMap<string, string> {
  const compiled = compileCase(golden, base);
  const outputs = new Map(golden.outputs === 'all' ? [['model.json', json(compiled.model)]] : []);
  const diagnostics = renderDiagnostics(golden, compiled);
  if (diagnostics !== '') outputs.set('diagnostics.txt', diagnostics);
  if (golden.outputs === 'diagnostics') return outputs;
  for (const { file, translator, options, cases = [golden.name] } of written) {
    const documents = cases.includes(golden.name) ? translated(compiled.model, translator, options) : '';
    if (documents !== '') outputs.set(file, documents);
  }
  for (const workload of namedWorkloads(golden.requests)) {
    const id = Object.values(compiled.model.workloads).find((candidate) => candidate.id === workload);
    if (id === undefined || id.transport === 'plain') continue;
    const file = id.id.replace('/', '.');
    outputs.set(`proxy/${file}.json`, json(proxyResources(compiled.model, id.id)));
    outputs.set(`envoy/${file}.yaml`, envoyYaml(compiled, id.id));
  }
  return outputs;
}

function envoyYaml({ model }: CompiledCase, id: WorkloadId): string {
  const certificates = { certificateChain: 'chain.pem', privateKey: 'key.pem', trustBundle: 'roots.pem' };
  return yaml(staticBootstrap(model, id, { certificates }));
}

/** Documents, and then what could not be kept. */
function translated(model: MeshModel, translator: Translator, given: unknown): string {
  const options = translator.parseOptions(given);
  if (!options.ok) throw new Error(options.error[0].message);
  const { artifacts, losses } = emitAll(translator, model, options.value);
  const documents = artifacts.map(({ body }) => (typeof body === 'string' ? body : yaml(body)));
  const lost = losses.map(({ feature, kind, text }) => `# ${kind} ${feature}: ${text}\n`);
  return [...documents, ...(lost.length === 0 ? [] : [lost.join('')])].join('---\n');
}

/** Short things stay on one line. */
function yaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Collection: (_, node) => {
      if (flatten(node.toJSON()).length <= lineLength) node.flow = true;
    },
  });
  return document.toString({ lineWidth: lineLength + 40 });
}

/** The workloads that requests name; others come out alike and would only add volume. */
function namedWorkloads(requests: readonly CaseRequest[]): readonly string[] {
  return [...new Set(requests.map((each) => (each.direction === 'outbound' ? each.from : each.workload)))].sort();
}

/** One line each: severity, code, object, field, and the line in the case's inputs. */
function renderDiagnostics({ directory }: GoldenCase, { diagnostics, locate }: CompiledCase): string {
  const lines = diagnostics.map(({ code, severity, origin, location, message }) => {
    const place = location ?? (origin === undefined ? undefined : locate(origin));
    const where = place === undefined ? '-' : `${relative(directory, place.file)}:${place.line}:${place.column}`;
    const what = origin === undefined ? '-' : `${describeObject(origin.object)} ${origin.path || '(object)'}`;
    return `${severity} ${code} ${where} ${what}: ${message}\n`;
  });
  return [...new Set(lines)].sort().join('');
}

/** Short things stay on one line, so that a model can be read. */
function json(value: unknown, indent = ''): string {
  const text = render(value, indent);
  return indent === '' ? `${text}\n` : text;
}

const lineLength = 120;

function render(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const flat = flatten(value);
  if (flat.length + indent.length <= lineLength && !flat.includes('\n')) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => inner + render(item, inner)).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{\n${fields.map(([key, field]) => `${inner}${JSON.stringify(key)}: ${render(field, inner)}`).join(',\n')}\n${indent}}`;
}

function flatten(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(flatten).join(', ')}]`;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return '{}';
  return `{ ${fields.map(([key, field]) => `${JSON.stringify(key)}: ${flatten(field)}`).join(', ')} }`;
}
