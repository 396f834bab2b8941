import { isIP } from 'node:net';
import { canonicalIp } from '../../lib/ip-address.ts';
import type { Destination } from '../interception/original-destination.ts';
import type { DialTarget } from '../upstream/dial.ts';
import type { Messages, ResourceSet } from './resources.ts';

type Service = Messages['OutboundService'];
type Endpoint = Messages['Endpoints']['endpoints'][number];

/** A pod of the mesh at one of its ports. */
export interface KnownPod {
  /** A service port that leads there. */
  readonly service: Service;
  /** The service has no address of its own: programs find the pod by its name. */
  readonly headless: boolean;
  readonly endpoint: Endpoint;
}

/** What of the mesh is at an address and port. */
export class Destinations {
  /** That connections are for; each once. */
  readonly services: readonly Service[];
  readonly #virtual = new Map<string, Service>();
  readonly #pods = new Map<string, KnownPod>();
  readonly #own: ReadonlySet<string>;

  constructor(resources: ResourceSet, workload: Messages['Workload']) {
    this.#own = new Set(workload.inbound.map(({ address }) => canonicalIp(address) ?? address));
    const names = workload.outbound
      .filter(({ protocol }) => protocol !== 'UDP')
      .flatMap(({ services, connectionServices }) => [...services, ...connectionServices]);
    this.services = [...new Set(names)].flatMap((name) => resources.get('OutboundService', name) ?? []);
    const addressesOf = ({ hosts }: Service) => hosts.filter((host) => isIP(host) !== 0);
    // A headless service says more about a pod than another that has the pod, too.
    const headlessFirst = [...this.services].sort((a, b) => addressesOf(a).length - addressesOf(b).length);
    for (const service of headlessFirst) {
      const addresses = addressesOf(service);
      for (const address of addresses) remember(this.#virtual, address, service.port, service);
      if (service.selectorless) continue;
      const { endpoints = [] } = resources.get('Endpoints', service.name) ?? {};
      for (const endpoint of endpoints) this.#addPod({ service, endpoint, headless: addresses.length === 0 });
    }
  }

  /** The service whose virtual address it is. */
  service(destination: Destination): Service | undefined {
    return this.#virtual.get(keyOf(destination));
  }

  pod(destination: Destination): KnownPod | undefined {
    return this.#pods.get(keyOf(destination));
  }

  /** Whether it is this pod itself. */
  isOwn({ address }: Destination): boolean {
    return this.#own.has(address);
  }

  /** How to reach what is there: the pod's own program past its proxy, a pod of the mesh as its proxy asks, all else in plain text. */
  target(destination: Destination): DialTarget {
    const { address, port } = destination;
    if (this.isOwn(destination)) return { address, port, identity: '', program: true };
    const endpoint = this.pod(destination)?.endpoint;
    if (endpoint === undefined) return { address, port, identity: '' };
    return { address, port, identity: endpoint.identity, http2: endpoint.http2 };
  }

  #addPod(pod: KnownPod): void {
    const { address, otherAddresses, port } = pod.endpoint;
    for (const one of [address, ...otherAddresses]) if (isIP(one) !== 0) remember(this.#pods, one, port, pod);
  }
}

/** What came first stays. */
function remember<T>(map: Map<string, T>, address: string, port: number, value: T): void {
  const key = keyOf({ address: canonicalIp(address) ?? address, port });
  if (!map.has(key)) map.set(key, value);
}

function keyOf({ address, port }: Destination): string {
  return `${address} ${port}`;
}
