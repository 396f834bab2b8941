import { isIP } from 'node:net';
import { canonicalIp } from '../../lib/ip-address.ts';
import type { Destination } from '../interception/original-destination.ts';
import type { DialTarget } from '../upstream/dial.ts';
import type { Messages, ResourceSet } from './resources.ts';

type Service = Messages['OutboundService'];
type Endpoint = Messages['Endpoints']['endpoints'][number];

/** A pod of the mesh at one of its ports, and the service port that leads there. */
export interface KnownPod {
  readonly service: string;
  readonly protocol: Service['protocol'];
  readonly endpoint: Endpoint;
  /** The service has no address of its own: programs find the pod by its name. */
  readonly headless: boolean;
}

/** What of the mesh is at an address and port. */
export class Destinations {
  /** `ADDRESS PORT` -> the service port whose virtual address it is. */
  readonly #services = new Map<string, Service>();
  readonly #pods = new Map<string, KnownPod>();
  readonly #own: ReadonlySet<string>;

  constructor(resources: ResourceSet, workload: Messages['Workload']) {
    this.#own = new Set(workload.inbound.map(({ address }) => canonicalIp(address) ?? address));
    const names = workload.outbound.flatMap(({ services, connectionServices }) => [...services, ...connectionServices]);
    for (const name of names) {
      const service = resources.get('OutboundService', name);
      if (service === undefined || service.protocol === 'UDP') continue;
      const addresses = service.hosts.filter((host) => isIP(host) !== 0);
      for (const address of addresses) remember(this.#services, address, service.port, service);
      const { endpoints = [] } = resources.get('Endpoints', name) ?? {};
      for (const endpoint of endpoints) this.#addPod(service, endpoint, addresses.length === 0);
    }
  }

  service(destination: Destination): Service | undefined {
    return this.#services.get(keyOf(destination));
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
    return { address, port: endpoint.port, identity: endpoint.identity, http2: endpoint.http2 };
  }

  /** Of a headless service, programs may call the pods at its port. */
  #addPod(service: Service, endpoint: Endpoint, headless: boolean): void {
    const pod = { service: service.name, protocol: service.protocol, endpoint, headless };
    for (const address of [endpoint.address, ...endpoint.otherAddresses]) {
      if (isIP(address) === 0) continue;
      remember(this.#pods, address, endpoint.port, pod);
      if (headless) remember(this.#pods, address, service.port, pod);
    }
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
