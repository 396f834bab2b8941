import { type ChildProcess, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import { sidecarPorts, sidecarUser } from '../../../src/kubernetes/names.ts';
import type { MeshModel, MeshSettings, Workload } from '../../../src/model/types.ts';
import type { ProxyBootstrap } from '../../../src/proxy/index.ts';
import { locateWritten } from '../../../src/smi/written.ts';
import { readSources } from '../../../src/source/read.ts';
import { type Credentials, createCredentials } from '../../support/mesh/credentials.ts';
import { proxyResources } from '../../support/mesh/plane-proxy.ts';
import { Network, type Place, type Run } from './network.ts';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const entry = file('../../../src/cli/main.ts');
/** Who runs the programs. */
const programUser = 65_534;

/** The model of a mesh as a cluster with interception has it. */
export function meshOf(manifest: string, settings: Partial<MeshSettings> = {}): MeshModel {
  const source = locateWritten(readSources([manifest]));
  const { input } = assemble(source.documents);
  const options = { ...defaultCompileOptions, settings: { ...defaultCompileOptions.settings, ...settings } };
  const { model, diagnostics } = createCompiler().compile(input, options);
  const errors = [...source.diagnostics, ...diagnostics].filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  return model;
}

/** Pods in namespaces of their own with redirection and a real `smi-cli proxy` each, programs and clients that know nothing of it. */
export class InterceptedMesh {
  readonly network: Network;
  readonly #model: MeshModel;
  readonly #credentials: Credentials;
  readonly #directory = mkdtempSync(join(tmpdir(), 'smi-mesh-intercepted-'));
  readonly #pods = new Map<string, Place>();
  readonly #sidecars = new Map<string, Sidecar>();

  private constructor(network: Network, model: MeshModel, credentials: Credentials) {
    this.network = network;
    this.#model = model;
    this.#credentials = credentials;
    chmodSync(this.#directory, 0o755);
    const self = ['-subj', '/CN=web.default', '-addext', 'subjectAltName=DNS:web.default'];
    const to = ['-keyout', join(this.#directory, 'key.pem'), '-out', join(this.#directory, 'certificate.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-days', '2', ...self, ...to], { stdio: 'pipe' });
    chmodSync(join(this.#directory, 'key.pem'), 0o644);
  }

  /** All pods of the model; names of Services mean their addresses, or those of their pods. */
  static async start(
    model: MeshModel,
    more: Readonly<Record<string, readonly string[]>> = {},
  ): Promise<InterceptedMesh> {
    const named = Object.values(model.services).map(({ name, namespace, vips, ports }) => {
      const pods = ports[0]?.targets.flatMap(({ workload }) => model.workloads[workload]?.addresses ?? []) ?? [];
      return [`${name}.${namespace}`, vips.length > 0 ? vips : pods] as const;
    });
    const network = await Network.create({ ...Object.fromEntries(named), ...more });
    const mesh = new InterceptedMesh(network, model, await createCredentials());
    try {
      await Promise.all(Object.values(model.workloads).map((workload) => mesh.#startPod(workload)));
    } catch (error) {
      mesh.close();
      throw error;
    }
    return mesh;
  }

  pod(name: string): Place {
    const pod = this.#pods.get(name);
    if (pod === undefined) throw new Error(`there is no pod ${name}`);
    return pod;
  }

  sidecar(name: string): Sidecar {
    const sidecar = this.#sidecars.get(name);
    if (sidecar === undefined) throw new Error(`${name} has no sidecar`);
    return sidecar;
  }

  /** As it stands in a URL. */
  address(name: string, stack: '-4' | '-6'): string {
    const [ipv4, ipv6] = this.#workload(name).addresses;
    return stack === '-4' ? `${ipv4}` : `[${ipv6}]`;
  }

  /** The pod's program. */
  serve(name: string): Promise<ChildProcess> {
    return this.#serve(this.pod(name), programUser, name, []);
  }

  /** A program beyond the pods. */
  serveOutside(name: string, ports: readonly number[]): Promise<ChildProcess> {
    return this.#serve(this.network.node, 0, name, ports);
  }

  #serve(place: Place, user: number, name: string, ports: readonly number[]): Promise<ChildProcess> {
    const program = [process.execPath, file('../interception/server.ts'), name, this.#directory, ...ports.map(String)];
    return started(place, user, program);
  }

  /** A program in a pod, to its end. */
  run(name: string, ...argv: readonly string[]): Promise<Run> {
    return this.pod(name).run(programUser, argv);
  }

  curl(name: string, ...args: readonly string[]): Promise<Run> {
    return this.run(name, 'curl', '--silent', '--show-error', '--max-time', '20', '--noproxy', '*', ...args);
  }

  close(): void {
    this.network.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #startPod(workload: Workload): Promise<void> {
    const { name, addresses } = workload;
    const [ipv4 = '', ipv6 = ''] = addresses;
    const place = await this.network.pod({ ipv4, ipv6 });
    this.#pods.set(name, place);
    if (workload.transport === 'plain') return;
    // As the init container does.
    await place.setUp(`${process.execPath} ${entry} intercept`);
    const ports = { outboundPort: sidecarPorts.outbound, inboundPort: sidecarPorts.inbound };
    const metrics = { address: '::', port: sidecarPorts.metrics };
    const sidecar = await this.startProxy(name, sidecarPorts.admin, { interception: ports, metrics });
    this.#sidecars.set(name, sidecar);
  }

  /** A proxy of the pod's workload. */
  async startProxy(name: string, adminPort: number, more: Partial<ProxyBootstrap> = {}): Promise<Sidecar> {
    const { id, identity } = this.#workload(name);
    const content: ProxyBootstrap = {
      node: id,
      admin: { address: '127.0.0.1', port: adminPort },
      secret: await this.#credentials.issued(identity),
      resources: proxyResources(this.#model, id),
      ...more,
    };
    const bootstrap = join(this.#directory, `${name}-${adminPort}.json`);
    writeFileSync(bootstrap, JSON.stringify(content), { mode: 0o600 });
    chownSync(bootstrap, sidecarUser, sidecarUser);
    const proxy = new Sidecar(this.pod(name), bootstrap);
    await proxy.logged(/ready with \d+ listeners/);
    return proxy;
  }

  #workload(name: string): Workload {
    const workload = Object.values(this.#model.workloads).find((one) => one.name === name);
    if (workload === undefined) throw new Error(`there is no workload ${name}`);
    return workload;
  }
}

/** A `smi-cli proxy` of the sidecar's user. */
export class Sidecar {
  readonly process: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #log = '';

  constructor(place: Place, bootstrap: string) {
    this.process = place.start(sidecarUser, [process.execPath, entry, 'proxy', '--bootstrap', bootstrap]);
    this.process.stderr!.on('data', (bytes: Buffer) => {
      this.#log += bytes.toString();
      for (const look of this.#waiting) look();
    });
  }

  get log(): string {
    return this.#log;
  }

  /** Settles once the log has what is looked for. */
  logged(what: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const [found] = what.exec(this.#log) ?? [];
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      this.process.once('exit', () => reject(new Error(`the sidecar ended: ${this.#log}`)));
      look();
    });
  }

  /** Descriptors that the process has open: `nsenter` and all behind it have become it, one by one. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.process.pid}/fd`).length;
  }

  /** Processor time that it has used, in seconds. */
  get cpu(): number {
    const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }
}

/** Of the clock in which Linux counts processor time, everywhere. */
const ticksPerSecond = 100;

/** Starts a program that says when it is ready. */
function started(place: Place, user: number, argv: readonly string[]): Promise<ChildProcess> {
  const child = place.start(user, argv);
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    child.stdout!.once('data', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`${argv.join(' ')} ended with ${code}: ${said}`)));
  });
}
