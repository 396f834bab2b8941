import { envoyAdapter } from '../../adapters/envoy/index.ts';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../../src/adapter/contract.ts';
import { assemble, assembleChanges } from '../../src/compile/assemble.ts';
import { type Compilation, type Compiler, createCompiler, defaultCompileOptions } from '../../src/compile/index.ts';
import { type DataPlane, Publisher } from '../../src/control/publisher.ts';
import type { SourceDocument } from '../../src/source/types.ts';
import { BenchFailure } from '../failure.ts';
import {
  type ChangeKind,
  changeKinds,
  type MeshFigures,
  type PublishedFigures,
  type Times,
  timesOf,
} from './figures.ts';
import { meshDocuments, podDocument, serviceDocument, splitDocument, targetDocument } from './mesh.ts';

export interface MeshWork {
  readonly services: number;
  readonly changes: number;
  readonly connected: readonly number[];
}

/** Compiles one mesh in this process, changes it again and again, and publishes the changes to more and more proxies. */
export function measureMesh({ services, changes, connected }: MeshWork): MeshFigures {
  const { documents } = meshDocuments(services);
  const before = process.cpuUsage();
  const { value: assembly, millis: decode } = timed(() => assemble(documents));
  const compiler = createCompiler();
  const { value: first, millis: compile } = timed(() => compiler.compile(assembly.input, defaultCompileOptions));
  const { user, system } = process.cpuUsage(before);
  const megabytes = process.resourceUsage().maxRSS / 1000;
  const [fault] = [...assembly.diagnostics, ...first.diagnostics];
  if (fault !== undefined) throw new BenchFailure(`the mesh has a fault: ${fault.message}`);
  const mesh = new ChangingMesh(compiler, first, services);
  const alone = eachKind((kind) => timesOf(Array.from({ length: changes }, () => mesh.change(kind))));
  const published = planes.flatMap(({ most, ...plane }) =>
    connected.filter((count) => count <= most).map((count) => measurePlane(plane, mesh, count, changes)),
  );
  return { services, decode, compile, processor: (user + system) / 1000, megabytes, changes: alone, published };
}

/** `most`: what is kept for each proxy of the whole mesh does not fit for more of them. */
const planes: readonly (DataPlane & { readonly most: number })[] = [
  { adapter: proxyAdapter as DataPlaneAdapter, options: {}, most: 100 },
  { adapter: envoyAdapter as DataPlaneAdapter, options: envoyOptions(), most: 1 },
];

function envoyOptions(): unknown {
  const options = envoyAdapter.parseOptions({ secrets: 'ads' });
  if (!options.ok) throw new BenchFailure(options.error[0].message);
  return options.value;
}

/** About how long the changes of one kind may take in all. */
const budgetMillis = 2_000;

function measurePlane(plane: DataPlane, mesh: ChangingMesh, connected: number, changes: number): PublishedFigures {
  const publisher = new Publisher([plane]);
  publisher.publish(mesh.compilation.model);
  const { millis: opened } = timed(() => {
    for (let index = 0; index < connected; index += 1) {
      const id = podDocument(index % mesh.services, 0, true)
        .key.split('/')
        .slice(2)
        .join('/');
      const node = { id, cluster: '', userAgentName: '', userAgentVersion: '', metadata: {} };
      if (publisher.viewOf(node, plane.adapter.typeOrder[0] ?? '') === undefined) {
        throw new BenchFailure(`${id} has no view`);
      }
    }
  });
  const publish = (kind: ChangeKind): number => {
    mesh.change(kind);
    const { model, changed } = mesh.compilation;
    return timed(() => publisher.publish(model, changed)).millis;
  };
  // The first change of each kind is to become warm, unless it costs so much that it has to do.
  const measured = eachKind((kind) => {
    const once = publish(kind);
    const count = Math.min(changes, Math.floor(budgetMillis / once));
    return timesOf(count === 0 ? [once] : Array.from({ length: count }, () => publish(kind)));
  });
  return { adapter: plane.adapter.id, connected, opened, changes: measured };
}

function eachKind(measure: (kind: ChangeKind) => Times): Readonly<Record<ChangeKind, Times>> {
  return Object.fromEntries(changeKinds.map((kind) => [kind, measure(kind)])) as Record<ChangeKind, Times>;
}

/** A mesh in which each change is another than the one before. */
class ChangingMesh {
  readonly services: number;
  compilation: Compilation;
  readonly #compiler: Compiler;
  /** How often each object was changed. */
  readonly #revisions = new Map<string, number>();
  #count = 0;

  constructor(compiler: Compiler, first: Compilation, services: number) {
    this.services = services;
    this.compilation = first;
    this.#compiler = compiler;
  }

  /** Makes one change and returns how long it took from the changed document to the model. */
  change(kind: ChangeKind): number {
    this.#count += 1;
    const document = this.#document(kind);
    const before = this.compilation.model;
    const { value, millis } = timed(() => {
      const { changes } = assembleChanges(new Map([[document.key, [document]]]));
      return this.#compiler.update(changes, defaultCompileOptions);
    });
    if (value.model === before) throw new BenchFailure(`a changed ${kind} changes nothing`);
    this.compilation = value;
    return millis;
  }

  #document(kind: ChangeKind): SourceDocument {
    const { services } = this;
    if (kind === 'service') return serviceDocument(services + this.#count);
    // Objects far apart; splits stand at every second Service, targets at the others.
    const index = (this.#count * 7) % services;
    const place = kind === 'readiness' ? index : index - (index % 2) + Number(kind === 'target');
    const revision = (this.#revisions.get(`${kind} ${place}`) ?? 0) + 1;
    this.#revisions.set(`${kind} ${place}`, revision);
    switch (kind) {
      case 'weight':
        return splitDocument(place, 1 + (revision % 89), services);
      case 'readiness':
        return podDocument(place, 1, revision % 2 === 0);
      case 'target':
        return targetDocument(place, services, 8 + (revision % 11));
    }
  }
}

function timed<T>(work: () => T): { readonly value: T; readonly millis: number } {
  const started = performance.now();
  const value = work();
  return { value, millis: performance.now() - started };
}
