import fc from 'fast-check';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import { assignLocal } from '../../../src/kubernetes/local-addressing.ts';
import type { PodObject } from '../../../src/kubernetes/types.ts';
import type { Fields } from '../../../src/lib/values.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { parseSource } from '../../../src/source/parse.ts';
import type { Random } from '../../fuzz/random.ts';
import { meshBase, meshObjects } from '../../support/generate/mesh.ts';
import { serviceNames } from '../../support/generate/parts.ts';

/** The pod that every random mesh has, so that its Envoy has something to do. */
export const witness = 'store';

const policies = [
  'timeouts: { connect: 1s, request: 2s }',
  'retries: { attempts: 1, budget: { percent: 5 } }',
  'circuitBreaker: { connections: 7 }',
  'loadBalancer: { algorithm: roundRobin }',
  'loadBalancer: { algorithm: ringHash, hashOn: { header: x-user } }',
  'outlierDetection: {}',
  'rateLimit: { requests: 5 }',
  'tls: { mode: permissive }',
] as const;

/** A small mesh that changes by one object at a time: Services, pods, splits, targets, route groups, policies, the mode. */
export class RandomMesh {
  readonly #random: Random;
  readonly #base: number;
  readonly #compiler = createCompiler();
  readonly #samples: readonly (readonly Fields[])[];
  readonly #objects = new Map<string, Fields>();
  #pods: readonly PodObject[] = [];

  constructor(random: Random, base: number, seed: number) {
    this.#random = random;
    this.#base = base;
    this.#samples = fc.sample(meshObjects, { seed, numRuns: 300 });
    for (const object of [...meshBase, ...this.#samples[0]!]) this.#put(object);
  }

  /** The model after one more change. */
  next(): MeshModel {
    this.#change();
    const text = [...this.#objects.values()].map((object) => JSON.stringify(object)).join('\n---\n');
    const { input } = assemble(parseSource('mesh.yaml', text).documents);
    this.#pods = assignLocal(this.#pods, input.pods, input.services, this.#base);
    const { model } = this.#compiler.compile({ ...input, pods: this.#pods }, defaultCompileOptions);
    return model;
  }

  #change(): void {
    const random = this.#random;
    const part = random.below(10);
    if (part < 5) this.#put(random.pick(random.pick(this.#samples)));
    else if (part < 6) this.#remove(['TrafficSplit', 'TrafficTarget', 'HTTPRouteGroup', 'TCPRoute', 'TrafficPolicy']);
    else if (part < 8) this.#changePod();
    else if (part < 9) this.#changeService();
    else this.#put(this.#policy());
  }

  #put(object: Fields): void {
    const { kind, metadata } = object as { readonly kind: string; readonly metadata: { readonly name: string } };
    this.#objects.set(`${kind} ${metadata.name}`, object);
  }

  #remove(kinds: readonly string[]): void {
    const keys = [...this.#objects.keys()].filter((key) => kinds.includes(key.slice(0, key.indexOf(' '))));
    if (keys.length > 0) this.#objects.delete(this.#random.pick(keys));
  }

  #changePod(): void {
    const name = this.#random.pick(serviceNames.filter((candidate) => candidate !== witness));
    const key = `Pod ${name}`;
    const pod = meshBase.find(({ kind, metadata }) => kind === 'Pod' && (metadata as Fields).name === name)!;
    if (this.#objects.has(key) && this.#random.chance(0.3)) this.#objects.delete(key);
    else {
      const status = this.#random.chance(0.5) ? 'True' : 'False';
      this.#put({ ...pod, status: { phase: 'Running', conditions: [{ type: 'Ready', status }] } });
    }
  }

  #changeService(): void {
    const name = this.#random.pick(serviceNames);
    const key = `Service ${name}`;
    const service = meshBase.find(({ kind, metadata }) => kind === 'Service' && (metadata as Fields).name === name)!;
    if (this.#objects.has(key) && this.#random.chance(0.3)) this.#objects.delete(key);
    else if (this.#random.chance(0.5)) this.#put(service);
    else {
      const ports = [{ name: this.#random.pick(['http', 'tcp']), port: this.#random.pick([8080, 9090, 7000]) }];
      this.#put({ ...service, spec: { ...(service.spec as Fields), ports } });
    }
  }

  #policy(): Fields {
    const name = this.#random.pick(serviceNames);
    const text = `{ targetRefs: [{ kind: Service, name: ${name} }], ${this.#random.pick(policies)} }`;
    const document = `{ apiVersion: policy.smi-mesh.io/v1alpha1, kind: TrafficPolicy, metadata: { name: ${name} }, spec: ${text} }`;
    return parseSource('policy.yaml', document).documents[0]!.object as Fields;
  }
}
