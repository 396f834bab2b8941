import { type EnvoyOptions, envoyAdapter } from '../../adapters/envoy/index.ts';
import { typeUrls } from '../../adapters/envoy/names.ts';
import type { UnitId } from '../../src/adapter/contract.ts';
import { assemble } from '../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../src/compile/index.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { parseSource } from '../../src/source/parse.ts';
import { markdownTable } from '../table.ts';

/**
 * What one Envoy is told in a mesh whose services each let in few others: with scoping, and what it would be told if it had the
 * clusters and endpoints of everything that its listeners serve. `node bench/scoping/main.ts [SERVICES [PODS [CALLERS]]]`.
 */
const [services = 1_000, pods = 10, callers = 5] = process.argv.slice(2).map(Number);

function documents(): string {
  const names = Array.from({ length: services }, (_, index) => `app-${index}`);
  return names
    .flatMap((name, index) => {
      const sources = Array.from({ length: callers }, (_, step) => `app-${(index + 1 + step * 7) % services}`);
      const subjects = sources
        .map((source) => `{ kind: ServiceAccount, name: ${source}, namespace: default }`)
        .join(', ');
      return [
        `{ apiVersion: v1, kind: ServiceAccount, metadata: { name: ${name} } }`,
        `{ apiVersion: v1, kind: Service, metadata: { name: ${name} }, spec: { selector: { app: ${name} }, ports: [{ name: http, port: 80, targetPort: 8080 }] } }`,
        ...Array.from({ length: pods }, (__, pod) => podOf(name, index, pod)),
        `{ apiVersion: access.smi-spec.io/v1alpha3, kind: TrafficTarget, metadata: { name: ${name} }, spec: { destination: { kind: ServiceAccount, name: ${name}, namespace: default }, rules: [{ kind: TCPRoute, name: http }], sources: [${subjects}] } }`,
      ];
    })
    .concat(
      '{ apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: { name: http }, spec: { matches: { ports: [8080] } } }',
    )
    .join('\n---\n');
}

function podOf(app: string, index: number, pod: number): string {
  const number = index * pods + pod;
  const ip = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  const status = `{ phase: Running, podIP: ${ip}, conditions: [{ type: Ready, status: "True" }] }`;
  return `{ apiVersion: v1, kind: Pod, metadata: { name: ${app}-${pod}, labels: { app: ${app} } }, spec: { serviceAccountName: ${app}, containers: [{ name: main, ports: [{ containerPort: 8080 }] }] }, status: ${status} }`;
}

const options: EnvoyOptions = {
  certificates: { certificateChain: '', privateKey: '', trustBundle: '' },
  secrets: 'ads',
};

/** Bytes by type. */
function bytesOf(model: MeshModel, units: readonly UnitId[]): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const artifact of units.flatMap((unit) => envoyAdapter.emitUnit(model, unit, { options }))) {
    bytes.set(artifact.format, (bytes.get(artifact.format) ?? 0) + envoyAdapter.encode(artifact).length);
  }
  return bytes;
}

const { input } = assemble(parseSource('mesh.yaml', documents()).documents);
const { model } = createCompiler().compile(input, defaultCompileOptions);
const id = 'default/app-0-0' as WorkloadId;
const scoped = envoyAdapter.view(model, id, { options });
const clusters = envoyAdapter.units(model, { options }).filter((unit) => unit.startsWith('cluster/'));
const whole = [...new Set([...scoped, ...clusters])];
const [less, more] = [bytesOf(model, scoped), bytesOf(model, whole)];
const sum = (bytes: ReadonlyMap<string, number>) => [...bytes.values()].reduce((total, count) => total + count, 0);
const rows = [typeUrls.cluster, typeUrls.endpoints, typeUrls.listener, typeUrls.routes].map((typeUrl) => [
  typeUrl.slice(typeUrl.lastIndexOf('.') + 1),
  String(less.get(typeUrl) ?? 0),
  String(more.get(typeUrl) ?? 0),
]);
console.log(`${services} services, ${pods} pods each, each lets in ${callers} others; bytes that one Envoy is told:`);
console.log(
  markdownTable([['', 'with scoping', 'without'], ...rows, ['all', String(sum(less)), String(sum(more))]]).join('\n'),
);
