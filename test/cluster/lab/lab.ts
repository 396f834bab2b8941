import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureClusterPrograms } from '../../../scripts/cluster-programs.mjs';
import { ensureWholeKubernetes } from '../../../scripts/kubernetes.mjs';
import { type KubectlRun, runKubectl } from '../support/kubectl.ts';
import { dnsService, nodeName, outsideAddress, outsideName } from './addresses.ts';
import { type ControlPlane, type ControlProgram, startControlPlane } from './control-plane.ts';
import { systemImages } from './images.ts';
import { createNetwork } from './network.ts';
import { type LabNode, startNode } from './node.ts';
import { type RunFolder, takeRunFolder } from './run-folder.ts';

/** A whole Kubernetes on this machine. It ends with this process, however that ends. */
export interface Lab {
  readonly folder: string;
  /** For an administrator. */
  readonly kubeconfig: string;
  /** Runs kubectl; a failure is a value. */
  kubectl(args: readonly string[], input?: string): Promise<KubectlRun>;
  /** Runs kubectl, and gives its standard output; a failure is an error with what it printed. */
  must(args: readonly string[], input?: string): Promise<string>;
  /** Puts the images of an archive on all nodes, now and to come. */
  loadImages(archive: string): Promise<void>;
  node(number: number): LabNode;
  /** Adds a node and waits until it is ready. */
  addNode(): Promise<LabNode>;
  /** Kills a program of the control plane, until it is started again. */
  killControl(program: ControlProgram): Promise<void>;
  /** Starts it with what it had stored, and waits until the apiserver is ready. */
  startControl(program: ControlProgram): Promise<void>;
  stop(): Promise<void>;
}

export interface LabOptions {
  readonly nodes: number;
  /** Archives of images that are on every node before it is ready. */
  readonly images?: readonly string[];
  /** Whether the clocks of nodes can be set; every container then starts some 50 ms later. */
  readonly clocks?: boolean;
  readonly log?: (line: string) => void;
}

/** Starts a control plane, nodes and DNS, and waits until all are ready. One lab runs at a time; others wait. */
export async function startLab({
  nodes,
  images = [],
  clocks = false,
  log = () => undefined,
}: LabOptions): Promise<Lab> {
  const programs = ensureWholeKubernetes(log);
  const archive = systemImages(ensureClusterPrograms(log));
  const folder = await takeRunFolder();
  let holder: ChildProcess | undefined;
  try {
    holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const network = await networkHolder(holder);
    await createNetwork(network, folder.link);
    const controlPlane = await startControlPlane(programs, folder.path, network);
    const parts = { programs, network, controlPlane, holder, images: [archive, ...images], clocks };
    const lab = new RunningLab(folder, parts);
    await lab.start(nodes);
    return lab;
  } catch (error) {
    holder?.kill('SIGKILL');
    await folder.release();
    throw error;
  }
}

/** The process, once it is in its own namespace. */
async function networkHolder(holder: ChildProcess): Promise<number> {
  const deadline = Date.now() + 20_000;
  const own = statSync('/proc/self/ns/net').ino;
  while (Date.now() < deadline && holder.exitCode === null) {
    const namespace = `/proc/${holder.pid}/ns/net`;
    if (holder.pid !== undefined && existsSync(namespace) && statSync(namespace).ino !== own) return holder.pid;
    await delay(5);
  }
  throw new Error('a network namespace could not be made');
}

interface Parts {
  readonly programs: string;
  /** A process of the network namespace. */
  readonly network: number;
  readonly holder: ChildProcess;
  readonly controlPlane: ControlPlane;
  readonly images: readonly string[];
  readonly clocks: boolean;
}

class RunningLab implements Lab {
  readonly #run: RunFolder;
  readonly #parts: Parts;
  readonly #images: string[];
  readonly #nodes = new Map<number, LabNode>();

  constructor(run: RunFolder, parts: Parts) {
    this.#run = run;
    this.#parts = parts;
    this.#images = [...parts.images];
  }

  get folder(): string {
    return this.#run.path;
  }

  get kubeconfig(): string {
    return this.#parts.controlPlane.kubeconfig;
  }

  kubectl(args: readonly string[], input?: string): Promise<KubectlRun> {
    return runKubectl(this.kubeconfig, args, input);
  }

  async must(args: readonly string[], input?: string): Promise<string> {
    const { status, stdout, stderr } = await this.kubectl(args, input);
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')} ends with ${status}: ${stderr}${stdout}`);
    return stdout;
  }

  async start(nodes: number): Promise<void> {
    const numbers = Array.from({ length: nodes }, (_, index) => index + 1);
    const dns = this.must(['apply', '--filename=-'], dnsManifest());
    await Promise.all(numbers.map((number) => this.#startNode(number)));
    await dns;
    await Promise.all(numbers.map((number) => this.#nodeReady(nodeName(number))));
    await this.must(['--namespace=kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=240s']);
  }

  async loadImages(archive: string): Promise<void> {
    this.#images.push(archive);
    const load = (node: LabNode) => node.exec('ctr', '--namespace=k8s.io', 'images', 'import', archive);
    await Promise.all([...this.#nodes.values()].map(load));
  }

  node(number: number): LabNode {
    const node = this.#nodes.get(number);
    if (node === undefined) throw new Error(`there is no node ${number}`);
    return node;
  }

  async addNode(): Promise<LabNode> {
    const number = Math.max(0, ...this.#nodes.keys()) + 1;
    const node = await this.#startNode(number);
    await this.#nodeReady(node.name);
    return node;
  }

  killControl(program: ControlProgram): Promise<void> {
    return this.#parts.controlPlane.kill(program);
  }

  async startControl(program: ControlProgram): Promise<void> {
    this.#parts.controlPlane.start(program);
    await this.#parts.controlPlane.ready();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.kill()));
    const { controlPlane, holder } = this.#parts;
    const programs: readonly ControlProgram[] = ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'];
    for (const program of programs) await controlPlane.kill(program);
    holder.kill('SIGKILL');
    await this.#run.release();
  }

  async #startNode(number: number): Promise<LabNode> {
    const { programs, network, controlPlane, clocks } = this.#parts;
    const folder = join(this.folder, nodeName(number));
    const options = { number, folder, keys: controlPlane.keys, programs, networkHolder: network };
    const node = await startNode({ ...options, images: this.#images, clock: clocks });
    this.#nodes.set(number, node);
    return node;
  }

  async #nodeReady(name: string): Promise<void> {
    await this.must(['wait', '--for=create', `node/${name}`, '--timeout=240s']);
    await this.must(['wait', '--for=condition=Ready', `node/${name}`, '--timeout=240s']);
  }
}

function dnsManifest(): string {
  const template = readFileSync(fileURLToPath(new URL('coredns.yaml', import.meta.url)), 'utf8');
  return template
    .replace('OUTSIDE_ADDRESS', outsideAddress)
    .replace('OUTSIDE_NAME', outsideName)
    .replace('DNS_SERVICE', dnsService);
}
