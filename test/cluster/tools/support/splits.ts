import { proxyAdapter } from '../../../../adapters/proxy/index.ts';
import { at } from '../../../../src/install/kinds.ts';
import { loadDescriptor } from '../../../../src/lib/descriptors.ts';
import type { Fields } from '../../../../src/lib/values.ts';
import { until } from '../../../e2e/support/mesh.ts';
import { TestAdsClient } from '../../../support/ads-client.ts';
import type { ClusterAccess } from '../../support/access.ts';
import type { ApiClient } from '../../support/client.ts';
import { make } from '../../support/workloads.ts';
import { certificateOf, type InstalledMesh } from './mesh.ts';

const patience = 120_000;
const typeUrl = 'type.googleapis.com/smi.proxy.v1.OutboundService';
const type = loadDescriptor('proxy').lookupType('smi.proxy.v1.OutboundService');
const splits = '/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits';

/** Looks at splits as their users do, and as the proxy of a caller does. */
export class SplitWatch {
  readonly #client: ApiClient;
  readonly #mesh: InstalledMesh;
  readonly #proxy: TestAdsClient;

  private constructor(client: ApiClient, mesh: InstalledMesh, proxy: TestAdsClient) {
    this.#client = client;
    this.#mesh = mesh;
    this.#proxy = proxy;
  }

  /** With a caller, the pod `caller`, whose sidecar is connected. */
  static async start(
    cluster: ClusterAccess,
    client: ApiClient,
    mesh: InstalledMesh,
    folder: string,
  ): Promise<SplitWatch> {
    await make(client, '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'caller' } });
    await make(client, '/api/v1/namespaces/default/pods', {
      metadata: { name: 'caller' },
      spec: { serviceAccountName: 'caller', containers: [{ name: 'main', image: 'x' }] },
    });
    const identity = await certificateOf(cluster, mesh, 'caller', folder);
    const address = `127.0.0.1:${await mesh.controller.adsPort()}`;
    return new SplitWatch(
      client,
      mesh,
      new TestAdsClient(address, 'default/caller', proxyAdapter.typeOrder, { identity }),
    );
  }

  async read(name: string): Promise<Fields> {
    return (await this.#client.get(`${splits}/${name}`)).body;
  }

  /** `20:80`, in the order of the backends. */
  async weights(name: string): Promise<string> {
    const backends = at(await this.read(name), 'spec', 'backends');
    return Array.isArray(backends) ? backends.map((backend) => at(backend, 'weight')).join(':') : 'none';
  }

  /** Waits until a split has these weights, is found good in this generation, and the caller's proxy has it. */
  async lands(name: string, weights: string, root = name, hint: () => string = () => ''): Promise<void> {
    let seen = '';
    await until(
      async () => {
        seen = `${await this.weights(name)} ${conditionsOf(await this.read(name))} ${this.#proxied(root)}`;
        return seen === `${weights} Accepted,ResolvedRefs,Programmed ${weights}`;
      },
      patience,
      () => `${name} is ${weights}: ${seen}\n${hint()}\n${this.#mesh.controller.tail()}`,
    );
  }

  /** The weights that the caller's proxy has for a Service. */
  #proxied(service: string): string {
    const names = [...(this.#proxy.held.get(typeUrl)?.keys() ?? [])];
    const key = names.find((name) => name.startsWith(`default/${service}:`));
    const body = key === undefined ? undefined : this.#proxy.bodies.get(`${typeUrl} ${key}`);
    if (body === undefined) return 'none';
    const text = JSON.stringify(type.toObject(type.decode(body), { longs: Number, arrays: true, defaults: true }));
    return [...text.matchAll(/"weight":(\d+)/g)].map(([, weight]) => weight).join(':');
  }

  close(): void {
    this.#proxy.close();
  }
}

/** Those that are true of the object as it is now. */
function conditionsOf(split: Fields): string {
  const conditions = at(split, 'status', 'conditions');
  if (!Array.isArray(conditions)) return 'none';
  const generation = at(split, 'metadata', 'generation');
  return conditions
    .filter((each) => at(each, 'status') === 'True' && at(each, 'observedGeneration') === generation)
    .map((each) => String(at(each, 'type')))
    .join(',');
}
