import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import { assignLocal } from '../../../src/kubernetes/local-addressing.ts';
import type { PodObject } from '../../../src/kubernetes/types.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { parseSource } from '../../../src/source/parse.ts';
import type { Random } from '../../fuzz/random.ts';

const backends = ['v1', 'v2', 'v3'] as const;
type Backend = (typeof backends)[number];

export interface ServerPod {
  readonly name: string;
  readonly backend: Backend;
  readonly sidecar: boolean;
}

/** Of each backend one pod with a sidecar and one without. */
export const serverPods: readonly ServerPod[] = backends.flatMap((backend) => [
  { name: `${backend}-a`, backend, sidecar: true },
  { name: `${backend}-b`, backend, sidecar: false },
]);

const policies = [
  'loadBalancer: { algorithm: roundRobin }',
  'loadBalancer: { algorithm: leastRequest }',
  'loadBalancer: { algorithm: random }',
  'timeouts: { connect: 3s, request: 20s }',
  'circuitBreaker: { connections: 500 }',
  'headers: { response: { set: { x-soak: "1" } } }',
] as const;

/**
 * A mesh that changes by one thing at a time, and in which every request of `web` to `shop` can be answered at every moment:
 * what has a weight has a Service and a ready pod.
 */
export class SoakMesh {
  readonly #random: Random;
  readonly #base: number;
  readonly #retries: boolean;
  readonly #compiler = createCompiler();
  readonly #ready = new Set(serverPods.map(({ name }) => name));
  readonly #services = new Set<Backend>(backends);
  readonly #extra = new Set<number>();
  readonly #policies = new Map<string, string>();
  #weights: ReadonlyMap<Backend, number> = new Map();
  #pods: readonly PodObject[] = [];

  constructor(random: Random, base: number, retries: boolean) {
    this.#random = random;
    this.#base = base;
    this.#retries = retries;
  }

  get ready(): ReadonlySet<string> {
    return this.#ready;
  }

  /** Changes one thing and says what kind. `idle`: pods that are neither in the mesh nor still draining. */
  change(idle: readonly string[]): string {
    const kinds = [() => this.#split(), () => this.#split(), () => this.#endpoint(idle), () => this.#endpoint(idle)];
    const rare = [() => this.#service(), () => this.#policy(), () => this.#listener()];
    for (;;) {
      const kind = this.#random.pick([...kinds, ...rare])();
      if (kind !== undefined) return kind;
    }
  }

  model(): MeshModel {
    const text = this.#documents().join('\n---\n');
    const { input } = assemble(parseSource('soak.yaml', text).documents);
    this.#pods = assignLocal(this.#pods, input.pods, input.services, this.#base);
    const { model, diagnostics } = this.#compiler.compile({ ...input, pods: this.#pods }, defaultCompileOptions);
    const fault = diagnostics.find(({ severity }) => severity === 'error');
    if (fault !== undefined) throw new Error(fault.message);
    return model;
  }

  #served(): readonly Backend[] {
    return backends.filter((backend) => this.#services.has(backend) && this.#readyOf(backend).length > 0);
  }

  #readyOf(backend: Backend): readonly ServerPod[] {
    return serverPods.filter((pod) => pod.backend === backend && this.#ready.has(pod.name));
  }

  #split(): string | undefined {
    if (this.#random.chance(0.15)) {
      if (this.#weights.size === 0) return undefined;
      this.#weights = new Map();
      return 'split removed';
    }
    const chosen = this.#served().filter(() => this.#random.chance(0.7));
    if (chosen.length === 0) return undefined;
    this.#weights = new Map(chosen.map((backend) => [backend, this.#random.between(1, 100)]));
    return 'split';
  }

  #endpoint(idle: readonly string[]): string | undefined {
    if (this.#random.chance(0.5)) {
      const back = idle.filter((name) => !this.#ready.has(name));
      if (back.length === 0) return undefined;
      this.#ready.add(this.#random.pick(back));
      return 'endpoint added';
    }
    const spare = serverPods.filter(({ name, backend }) => this.#ready.has(name) && this.#readyOf(backend).length > 1);
    if (spare.length === 0) return undefined;
    this.#ready.delete(this.#random.pick(spare).name);
    return 'endpoint removed';
  }

  #service(): string | undefined {
    const backend = this.#random.pick(backends);
    if (!this.#services.has(backend)) {
      this.#services.add(backend);
      return 'service added';
    }
    if (this.#weights.has(backend)) return undefined;
    this.#services.delete(backend);
    return 'service removed';
  }

  #policy(): string {
    const name = this.#random.pick(['shop', ...this.#services]);
    if (this.#policies.has(name) && this.#random.chance(0.4)) this.#policies.delete(name);
    else this.#policies.set(name, this.#random.pick(policies));
    return 'policy';
  }

  /** A Service beside the others: another listener and cluster. */
  #listener(): string {
    const number = this.#random.between(1, 3);
    if (!this.#extra.delete(number)) this.#extra.add(number);
    return 'other service';
  }

  #documents(): readonly string[] {
    const split = [...this.#weights]
      .map(([service, weight]) => `{ service: ${service}, weight: ${weight} }`)
      .join(', ');
    return [
      pod('web', 'web', 'web', true, true),
      ...serverPods.map(({ name, backend, sidecar }) => pod(name, backend, 'server', this.#ready.has(name), sidecar)),
      service('shop', 'tier: shop'),
      ...[...this.#services].map((backend) => service(backend, `app: ${backend}`)),
      ...[...this.#extra].map((number) => service(`other-${number}`, 'tier: shop')),
      ...(split === ''
        ? []
        : [
            `{ apiVersion: split.smi-spec.io/v1alpha4, kind: TrafficSplit, metadata: { name: shop }, spec: { service: shop, backends: [${split}] } }`,
          ]),
      ...[...this.#policies]
        .filter(([name]) => name === 'shop' || this.#services.has(name as Backend))
        .map(([name, body]) => policy(name, body)),
      ...(this.#retries ? [] : [policy('shop', 'retries: { attempts: 0 }', 'no-retries')]),
      account('web'),
      account('server'),
      '{ apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: { name: http }, spec: { matches: { ports: [8080] } } }',
      `{ apiVersion: access.smi-spec.io/v1alpha3, kind: TrafficTarget, metadata: { name: web }, spec: { destination: { kind: ServiceAccount, name: server, namespace: default }, rules: [{ kind: TCPRoute, name: http }], sources: [{ kind: ServiceAccount, name: web, namespace: default }] } }`,
    ];
  }
}

function pod(name: string, app: string, account: string, ready: boolean, sidecar: boolean): string {
  const annotations = sidecar ? '{}' : '{ smi-mesh.io/sidecar: disabled }';
  const labels = app === 'web' ? '{ app: web }' : `{ app: ${app}, tier: shop }`;
  const condition = `{ type: Ready, status: "${ready ? 'True' : 'False'}" }`;
  return `{ apiVersion: v1, kind: Pod, metadata: { name: ${name}, labels: ${labels}, annotations: ${annotations} }, spec: { serviceAccountName: ${account}, containers: [{ name: main, ports: [{ containerPort: 8080 }] }] }, status: { phase: Running, conditions: [${condition}] } }`;
}

function service(name: string, selector: string): string {
  return `{ apiVersion: v1, kind: Service, metadata: { name: ${name} }, spec: { selector: { ${selector} }, ports: [{ name: http, port: 80, targetPort: 8080 }] } }`;
}

function account(name: string): string {
  return `{ apiVersion: v1, kind: ServiceAccount, metadata: { name: ${name} } }`;
}

function policy(service: string, body: string, name = service): string {
  return `{ apiVersion: policy.smi-mesh.io/v1alpha1, kind: TrafficPolicy, metadata: { name: ${name} }, spec: { targetRefs: [{ kind: Service, name: ${service} }], ${body} } }`;
}
