import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnvoyOptions, envoyAdapter } from '../../../adapters/envoy/index.ts';
import type { Artifact } from '../../../src/adapter/contract.ts';
import { createAuthority, type Svid } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import {
  createXdsServer,
  resourceVersion,
  type XdsEvent,
  type XdsResource,
  type XdsServer,
} from '../../../src/xds/index.ts';
import { randomHeader } from '../../support/mesh/exchange.ts';
import { outsideOf } from '../../support/mesh/outside.ts';
import { Slot, type Variant } from './slot.ts';

/** Real Envoys on the addresses of pods, and the control plane that they ask. One that has run is used again. */
export class Fleet {
  readonly events: XdsEvent[];
  readonly #server: XdsServer;
  readonly #slots: Map<string, Slot>;
  readonly #start: (address: string) => Slot;
  readonly #folder: string;

  private constructor(parts: {
    readonly events: XdsEvent[];
    readonly server: XdsServer;
    readonly slots: Map<string, Slot>;
    readonly start: (address: string) => Slot;
    readonly folder: string;
  }) {
    this.events = parts.events;
    this.#server = parts.server;
    this.#slots = parts.slots;
    this.#start = parts.start;
    this.#folder = parts.folder;
  }

  static async start(binary: string, base: number, variant: Variant, args?: readonly string[]): Promise<Fleet> {
    const authority = await createAuthority({ trustDomain: 'fleet.test' });
    const serverIdentity = spiffeId('fleet.test', 'smi-mesh-system', 'control-plane');
    const svid = await authority.issue(spiffeId('fleet.test', 'default', 'envoy'));
    const slots = new Map<string, Slot>();
    const events: XdsEvent[] = [];
    const serverAddress = `127.${base}.255.1`;
    const server = await createXdsServer({
      address: serverAddress,
      port: 0,
      typeOrders: [envoyAdapter.typeOrder],
      tls: await authority.issue(serverIdentity),
      authorize: () => true,
      viewOf: ({ id }) => slots.get(id.slice('slot/'.length))?.view,
      onEvent: (event) => events.push(event),
    });
    const folder = mkdtempSync(join(tmpdir(), 'smi-envoy-'));
    const start = (address: string) =>
      new Slot({ binary, address, folder, variant, server, events, serverIdentity, serverAddress, svid, args });
    return new Fleet({ events, server, slots, start, folder });
  }

  slot(address: string): Slot {
    const slot = this.#slots.get(address) ?? this.#start(address);
    this.#slots.set(address, slot);
    return slot;
  }

  /** Takes everything away from every Envoy. */
  async clear(): Promise<void> {
    for (const slot of this.#slots.values()) slot.serve([]);
    await Promise.all([...this.#slots.values()].map((slot) => slot.settled()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => slot.stop()));
    await this.#server.close(0);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What the Envoy of a workload is to have. */
export function resourcesOf(model: MeshModel, workload: WorkloadId, svid: Svid): readonly XdsResource[] {
  const options: EnvoyOptions = {
    certificates: { certificateChain: '', privateKey: '', trustBundle: '' },
    secrets: 'ads',
    testRandomHeader: randomHeader,
    dnsServers: [outsideOf(model).dns],
  };
  const { identity } = model.workloads[workload]!;
  return [
    ...envoyAdapter
      .view(model, workload, { options })
      .flatMap((unit) => envoyAdapter.emitUnit(model, unit, { options })),
    ...envoyAdapter.secrets(model, { identity, ...svid }),
  ].map(encoded);
}

function encoded(artifact: Artifact): XdsResource {
  const body = envoyAdapter.encode(artifact);
  const awaits = envoyAdapter.awaits?.(artifact).map(({ format, name }) => ({ typeUrl: format, name })) ?? [];
  return { typeUrl: artifact.format, name: artifact.name, version: resourceVersion(body), body, awaits };
}
