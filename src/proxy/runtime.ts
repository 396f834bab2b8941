import { metrics } from '../telemetry/catalogue.ts';
import { showCertificate } from '../telemetry/certificate.ts';
import type { Ejection } from '../telemetry/ejections.ts';
import { MetricsRegistry } from '../telemetry/registry.ts';
import { TapHub } from '../telemetry/tap.ts';
import { Authenticators } from './auth/authenticators.ts';
import type { BootstrapSecret, ProxyBootstrap } from './bootstrap.ts';
import { programSettings } from './config/cluster-policy.ts';
import type { ListenerEnvironment } from './config/environment.ts';
import { inboundKey } from './config/inbound-listeners.ts';
import { listenerSpecs } from './config/listeners.ts';
import { atOwnAddresses } from './config/own-addresses.ts';
import { type Messages, ResourceSet } from './config/resources.ts';
import { Mirrors } from './http/mirrors.ts';
import type { DestinationReader } from './interception/original-destination.ts';
import { ListenerManager } from './listeners/manager.ts';
import { LoadShedding } from './load-shedding.ts';
import { PolicyMemory } from './policy/memory.ts';
import { DenialLog } from './telemetry/denials.ts';
import { RecordSource } from './telemetry/records.ts';
import { Ticker } from './ticker.ts';
import { expiryOf, type TlsMaterial, tlsMaterial } from './tls/material.ts';
import { Tracing } from './tracing/tracing.ts';
import { Clusters } from './upstream/clusters.ts';
import { Dialer } from './upstream/dial.ts';
import { dnsSource, Names } from './upstream/names.ts';
import { Outside } from './upstream/outside.ts';
import { Pools } from './upstream/pools.ts';
import { EndpointProber } from './upstream/prober.ts';

const drainPollMillis = 20;

/** The running data plane: applies configurations as they come and holds all that is open. */
export class Runtime {
  readonly registry = new MetricsRegistry();
  /** Of traffic that nobody wants to know of. */
  readonly #unseen = new MetricsRegistry();
  readonly taps = new TapHub();
  readonly ready: Promise<void>;
  /** Counts applied configurations. */
  version = 0;
  isReady = false;
  #resources = new ResourceSet();
  readonly #node: string;
  /** Of the pod, where connections come by interception. */
  readonly #addresses: readonly string[];
  readonly #ticker = new Ticker();
  readonly #shedding = new LoadShedding();
  readonly #dialer: Dialer;
  readonly #pools: Pools;
  readonly #clusters: Clusters;
  readonly #outside: Outside;
  readonly #memory = new PolicyMemory();
  readonly #listeners: ListenerManager;
  readonly #environment: ListenerEnvironment;
  readonly #tracing: Tracing;
  readonly #log: (line: string) => void;
  #material: TlsMaterial | undefined;
  /** What it proves its identity with: what came last and had not expired. */
  #secret: BootstrapSecret | undefined;
  /** The last one that came from the control plane. */
  #sentSecret: BootstrapSecret | undefined;
  /** All that the material was made of, the key aside. */
  #materialName = '';
  #markReady: () => void = () => {};
  #applying: Promise<void> = Promise.resolve();

  /** `reader`: needed where connections come by interception. */
  constructor(bootstrap: ProxyBootstrap, log: (line: string) => void, reader?: DestinationReader) {
    this.#node = bootstrap.node;
    this.#addresses = bootstrap.interception?.addresses ?? [];
    this.#dialer = new Dialer(new Names(dnsSource(bootstrap.dnsServers ?? [])));
    this.#pools = new Pools(this.#dialer, this.#ticker);
    const endpoints = { prober: new EndpointProber(this.#dialer), random: Math.random };
    this.#clusters = new Clusters(this.#pools, this.#ticker, this.registry, endpoints);
    this.#outside = new Outside(this.#dialer, this.#ticker, this.registry, programSettings, endpoints);
    this.#secret = bootstrap.secret;
    this.#log = log;
    this.#tracing = new Tracing(bootstrap.node, this.registry);
    this.#listeners = new ListenerManager(log);
    this.#environment = {
      registry: this.registry,
      counted: true,
      ticker: this.#ticker,
      dialer: this.#dialer,
      authenticators: new Authenticators(this.#ticker, log),
      shedding: this.#shedding,
      memory: this.#memory,
      mirrors: new Mirrors(this.#ticker),
      outside: this.#outside,
      accessLog: bootstrap.accessLog === true ? log : undefined,
      denials: new DenialLog(log),
      records: new RecordSource(this.taps, bootstrap.node),
      tracer: undefined,
      testRandomHeader: bootstrap.testRandomHeader?.toLowerCase(),
      interception:
        bootstrap.interception === undefined || reader === undefined
          ? undefined
          : { ...bootstrap.interception, reader, find: (key) => this.#listeners.find(key) },
    };
    this.ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
    this.#gauges();
  }

  get resources(): ResourceSet {
    return this.#resources;
  }

  /** The certificate for connections from now on; those that are open stay. */
  useMaterial(material: TlsMaterial): void {
    this.#material = material;
    this.#dialer.useMaterial(material);
    this.#listeners.useMaterial(material);
  }

  /** For the next connection to the control plane. */
  get secret(): BootstrapSecret | undefined {
    return this.#secret;
  }

  /** Takes what was obtained beside the control plane; what cannot be used changes nothing, and is the result. */
  offerSecret(secret: BootstrapSecret): string | undefined {
    const material = tlsMaterial(secret);
    if (!material.ok) return material.error;
    this.#secret = secret;
    const workload = this.#resources.get('Workload', this.#node);
    if (workload === undefined) this.useMaterial(material.value);
    else this.#useSecret(this.#resources, workload);
    return undefined;
  }

  /** Replaces the configuration: what begins from now on sees the new one, what is under way finishes with the old. */
  apply(resources: ResourceSet): Promise<void> {
    this.#applying = this.#applying.then(() => this.#apply(resources));
    return this.#applying;
  }

  /** The endpoints that are kept out for their failures. */
  ejections(): readonly Ejection[] {
    return this.#clusters.ejections();
  }

  async drain(millis: number): Promise<void> {
    this.isReady = false;
    this.#listeners.drain();
    const end = performance.now() + millis;
    while (this.#listeners.connections > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, drainPollMillis));
    }
  }

  /** Sends the spans that wait; settles in bounded time. */
  flush(): Promise<void> {
    return this.#tracing.flush();
  }

  stop(): void {
    this.isReady = false;
    this.#listeners.destroy();
    this.#pools.destroy();
    this.#outside.destroy();
    this.#ticker.stop();
  }

  async #apply(resources: ResourceSet): Promise<void> {
    const stated = resources.get('Workload', this.#node);
    if (stated === undefined) {
      this.#log(`no configuration for ${this.#node}`);
      return;
    }
    const workload = atOwnAddresses(stated, this.#addresses);
    this.#useSecret(resources, workload);
    this.#dialer.useSource(workload.sourceAddress);
    const clusters = this.#clusters.transaction();
    const environment = {
      ...this.#environment,
      tracer: this.#tracing.tracer(workload.tracing),
      accessLog: workload.logRequests ? this.#log : this.#environment.accessLog,
      ...(workload.uncounted ? { counted: false, registry: this.#unseen } : {}),
    };
    const specs = listenerSpecs(resources, workload, this.#material, clusters, environment);
    this.#resources = resources;
    this.#useOwnPorts(workload);
    const bound = await this.#listeners.apply(specs);
    clusters.commit();
    this.#memory.commit();
    this.#environment.authenticators.commit();
    this.version++;
    if (!bound || this.isReady) return;
    this.isReady = true;
    // What it took to get here is no load.
    this.#ticker.add(this.#shedding);
    this.#markReady();
    this.#log(`ready with ${specs.length} listeners`);
  }

  /** The proxy's own way to the listeners to which others are redirected. */
  #useOwnPorts({ inbound }: Messages['Workload']): void {
    if (this.#environment.interception === undefined) return;
    const keys = new Map(inbound.map((listener) => [`${listener.address} ${listener.port}`, inboundKey(listener)]));
    this.#dialer.useOwnPorts((address, port) => {
      const key = keys.get(`${address} ${port}`);
      return key === undefined ? undefined : (this.#listeners.find(key)?.port ?? 0);
    });
  }

  /** What the control plane sent, or what came after that by another way, together with the roots of other trust domains. */
  #useSecret(resources: ResourceSet, { identity, trustDomains }: Messages['Workload']): void {
    const sent = resources.get('Secret', identity);
    if (sent !== undefined && sent !== this.#sentSecret) {
      this.#sentSecret = sent;
      // One that was kept on disk may have expired since.
      if (this.#secret === undefined || expiryOf(sent) > Date.now()) this.#secret = sent;
    }
    const secret = this.#secret;
    if (secret === undefined) return;
    const { certificateChain, privateKey, trustBundle } = secret;
    const others = trustDomains.map((domain) => ({ name: domain.name, bundle: domain.trustBundle }));
    const name = JSON.stringify([certificateChain, trustBundle, others]);
    if (name === this.#materialName) return;
    const material = tlsMaterial({ certificateChain, privateKey, trustBundle }, others);
    if (!material.ok) {
      this.#log(`certificate of ${identity} cannot be used: ${material.error}`);
      return;
    }
    this.#materialName = name;
    this.useMaterial(material.value);
    this.#log(`certificate of ${identity} in use`);
  }

  #gauges(): void {
    const { registry } = this;
    registry.gauge(metrics.connections, () => this.#listeners.connections, { side: 'downstream' });
    const upstream = () => this.#pools.connections + this.#outside.connections;
    registry.gauge(metrics.connections, upstream, { side: 'upstream' });
    registry.gauge(metrics.configVersion, () => this.version);
    showCertificate(registry, () => this.#secret?.certificateChain);
    registry.gauge(metrics.memory, () => process.memoryUsage.rss());
    registry.gauge(metrics.cpu, () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    const started = Date.now() / 1000 - process.uptime();
    registry.gauge(metrics.processStart, () => started);
  }
}
