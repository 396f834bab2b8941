import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { adsBootstrap, credentialFiles, secretFiles } from '../../../adapters/envoy/index.ts';
import type { Svid } from '../../../src/identity/authority.ts';
import { createView, type View, type XdsEvent, type XdsResource, type XdsServer } from '../../../src/xds/index.ts';
import { Envoy } from '../../support/mesh/envoy-process.ts';

const adminPort = 15_001;
const settleMillis = 60_000;

export type Variant = 'delta' | 'sotw';

export interface SlotOptions {
  readonly binary: string;
  readonly address: string;
  readonly folder: string;
  readonly variant: Variant;
  readonly server: XdsServer;
  /** All of the server, as they come. */
  readonly events: readonly XdsEvent[];
  readonly serverIdentity: string;
  readonly serverAddress: string;
  /** For the connection to the control plane. */
  readonly svid: Svid;
  readonly args: readonly string[] | undefined;
}

/** One Envoy on a pod's address, whose view is whatever the test says now. */
export class Slot {
  readonly view: View = createView();
  readonly node: string;
  readonly #options: SlotOptions;
  readonly #envoy: Envoy;

  constructor(options: SlotOptions) {
    this.#options = options;
    const { address, binary } = options;
    this.node = `slot/${address}`;
    const bootstrap = this.#write();
    // What is removed goes at once, not after ten minutes.
    const args = options.args ?? ['--drain-time-s', '0', '--drain-strategy', 'immediate'];
    this.#envoy = new Envoy(binary, bootstrap, { host: address, port: adminPort }, args);
  }

  /** Settles when Envoy has the first configuration; the view must have something. */
  ready(): Promise<void> {
    return this.#envoy.ready();
  }

  /** What the Envoy is to have, and nothing else. */
  serve(resources: readonly XdsResource[]): void {
    const wanted = new Set(resources.map(({ typeUrl, name }) => `${typeUrl} ${name}`));
    const removed = [...this.view.types()].flatMap((typeUrl) =>
      [...this.view.get(typeUrl).values()].filter(({ name }) => !wanted.has(`${typeUrl} ${name}`)),
    );
    this.view.update({ set: resources, removed });
  }

  /** Settles when the Envoy has taken all of its view and has nothing else. */
  async settled(): Promise<void> {
    const limit = Date.now() + settleMillis;
    for (;;) {
      const lacks = (await this.#lacking()) ?? (await this.#notInForce());
      if (lacks === undefined) return;
      if (this.#envoy.ended !== undefined) throw new Error(`${this.node}: ${this.#envoy.ended}`);
      if (Date.now() > limit) throw new Error(`${this.node} has not settled: ${lacks}; ${this.#history()}`);
      await delay(10);
    }
  }

  async json(path: string): Promise<unknown> {
    const response = await this.#envoy.ask(path);
    if (response.kind !== 'response' || response.status !== 200)
      throw new Error(`${path}: ${JSON.stringify(response)}`);
    return JSON.parse(response.body) as unknown;
  }

  /** Counters and gauges by name. */
  async stats(filter: string): Promise<Readonly<Record<string, number>>> {
    const { stats } = (await this.json(`/stats?format=json&filter=${filter}`)) as {
      readonly stats: readonly { readonly name?: string; readonly value?: number }[];
    };
    return Object.fromEntries(stats.flatMap(({ name, value }) => (name === undefined ? [] : [[name, value ?? 0]])));
  }

  stop(): Promise<void> {
    return this.#envoy.stop();
  }

  /** What it has not taken, as the control plane sees it. */
  async #lacking(): Promise<string | undefined> {
    const state = this.#options.server.proxies().find(({ node }) => node.id === this.node);
    if (state === undefined) return 'not connected';
    for (const { typeUrl, acked, inFlight, refused, wildcard, names } of state.types) {
      if (inFlight !== undefined) return `${typeUrl}: no answer`;
      const [no] = refused;
      if (no !== undefined) throw new Error(`${this.node} refused ${no.name}: ${no.detail}`);
      const wanted = this.view.get(typeUrl);
      const asked = wildcard ? [...wanted.keys()] : names.filter((name) => wanted.has(name));
      const stale = [...acked.keys()].filter((name) => !wanted.has(name) && (wildcard || names.includes(name)));
      const missing = asked.filter((name) => acked.get(name) !== wanted.get(name)?.version);
      if (missing.length + stale.length > 0) return `${typeUrl}: lacks ${missing.join()}, has ${stale.join()}`;
    }
    return undefined;
  }

  /** The last that the control plane and Envoy said. */
  #history(): string {
    const events = this.#options.events.filter(({ node }) => node === this.node || node === '').slice(-8);
    return [...events.map((event) => JSON.stringify(event).slice(0, 200)), this.#envoy.output].join('\n');
  }

  /** What it has taken and does not do yet, as it says itself. */
  async #notInForce(): Promise<string | undefined> {
    const stats = await this.stats('total_listeners|warming_clusters');
    const { 'cluster_manager.warming_clusters': clusters, 'listener_manager.total_listeners_active': active } = stats;
    const wanted = [...this.view.types()]
      .filter((typeUrl) => typeUrl.endsWith('.Listener'))
      .reduce((sum, typeUrl) => sum + this.view.get(typeUrl).size, 0);
    const others =
      (stats['listener_manager.total_listeners_warming'] ?? 0) +
      (stats['listener_manager.total_listeners_draining'] ?? 0);
    return clusters === 0 && active === wanted && others === 0 ? undefined : JSON.stringify(stats);
  }

  #write(): string {
    const { address, folder, variant, server, serverIdentity, serverAddress, svid } = this.#options;
    const directory = join(folder, address);
    mkdirSync(directory, { recursive: true });
    const write = (file: string, text: string): string => {
      writeFileSync(join(directory, file), text, { mode: 0o600 });
      return join(directory, file);
    };
    write(credentialFiles.certificateChain, svid.certificateChain);
    write(credentialFiles.privateKey, svid.privateKey);
    write(credentialFiles.trustBundle, svid.trustBundle);
    for (const [file, content] of Object.entries(secretFiles(directory))) write(file, JSON.stringify(content));
    const process = { id: this.node, cluster: 'slot', admin: { address, port: adminPort }, sourceAddress: address };
    const controlPlane = { address: serverAddress, port: server.port, identity: serverIdentity, variant };
    return write('bootstrap.json', JSON.stringify(adsBootstrap(process, controlPlane, directory)));
  }
}
