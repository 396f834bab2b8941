import { type ChildProcess, execFile, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Why there can be no network namespaces with redirection here; undefined when there can. */
export function cannotIntercept(): string | undefined {
  try {
    const probe =
      'for tables in iptables ip6tables; do $tables -t nat -A OUTPUT -p tcp -m owner --uid-owner 1 -j RETURN; done';
    execFileSync('unshare', ['--net', '--mount', '/bin/sh', '-ec', probe], { stdio: 'pipe' });
    execFileSync('setpriv', ['--version'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `network namespaces with iptables need root: ${(error as Error).message.split('\n')[0]}`;
  }
}

export interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A network of its own, with both stacks: what a node and its pods have. It is gone with this process. */
export class Network {
  readonly #directory = mkdtempSync(join(tmpdir(), 'smi-mesh-network-'));
  readonly #hosts = join(this.#directory, 'hosts');
  readonly #places: Place[] = [];
  /** Where the pods' cables end; it stands for the node and for the world behind it. */
  readonly node: Place;

  private constructor() {
    this.node = new Place(this.#hosts);
    this.#places.push(this.node);
  }

  static async create(hosts: Readonly<Record<string, string | readonly string[]>>): Promise<Network> {
    const network = new Network();
    const lines = Object.entries(hosts).flatMap(([name, addresses]) =>
      [addresses].flat().map((address) => `${address} ${name}`),
    );
    writeFileSync(network.#hosts, `127.0.0.1 localhost\n::1 localhost\n${lines.join('\n')}\n`, { mode: 0o644 });
    await network.node.setUp(`
      ip link add bridge type bridge
      echo 0 > /proc/sys/net/ipv6/conf/bridge/accept_dad
      ip address add 10.77.0.1/16 dev bridge
      ip address add fd77::1/64 dev bridge nodad
      ip link set bridge up
      echo 1 > /proc/sys/net/ipv4/ip_forward
      echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
    `);
    return network;
  }

  /** A namespace at the bridge, whose default route leads to the node. */
  async pod({ ipv4, ipv6 }: Addresses): Promise<Place> {
    const pod = new Place(this.#hosts);
    const cable = `pod${this.#places.length}`;
    this.#places.push(pod);
    await this.node.setUp(`
      ip link add ${cable} type veth peer name eth0 netns ${pod.pid}
      ip link set ${cable} master bridge up
    `);
    await pod.setUp(`
      ip address add ${ipv4}/16 dev eth0
      ip address add ${ipv6}/64 dev eth0 nodad
      ip link set eth0 up
      ip route add default via 10.77.0.1
      ip -6 route add default via fd77::1
    `);
    return pod;
  }

  close(): void {
    for (const place of this.#places) place.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A network namespace, which lasts as long as the process that holds it: that one ends with this process. */
class Place {
  readonly pid: number;
  readonly #holder: ChildProcess;
  readonly #hosts: string;
  readonly #children = new Set<ChildProcess>();

  constructor(hosts: string) {
    this.#hosts = hosts;
    this.#holder = spawn('unshare', ['--net', 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.pid = this.#holder.pid!;
  }

  /** Runs a script as root. */
  async setUp(script: string): Promise<string> {
    await this.#held();
    const { stdout } = await promisify(execFile)('nsenter', [
      `--net=/proc/${this.pid}/ns/net`,
      'sh',
      '-ec',
      `ip link set lo up\n${script}`,
    ]);
    return stdout;
  }

  /** Runs a program of a user to its end. */
  run(user: number, argv: readonly string[], millis = 30_000): Promise<Run> {
    const [command, args] = this.#command(user, argv);
    return new Promise((resolve) => {
      execFile(command, args, { timeout: millis, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Starts a program of a user; it ends with the namespace. */
  start(user: number, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [command, args] = this.#command(user, argv);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.#holder.kill('SIGKILL');
  }

  /** Names are those of the network's own `/etc/hosts`; the signal of a parent that dies reaches the program. */
  #command(user: number, argv: readonly string[]): [string, string[]] {
    const inside = 'mount --bind "$0" /etc/hosts && exec "$@"';
    const privileges = ['setpriv', '--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', '--pdeathsig', 'KILL'];
    const enter = [`--net=/proc/${this.pid}/ns/net`, 'unshare', '--mount', 'sh', '-c', inside, this.#hosts];
    return ['nsenter', [...enter, ...privileges, ...argv]];
  }

  #isHeld: Promise<void> | undefined;

  /** Until then the process may not have left the namespace of this one. */
  #held(): Promise<void> {
    this.#isHeld ??= new Promise((resolve, reject) => {
      this.#holder.stdout!.once('data', () => resolve());
      this.#holder.once('exit', () => reject(new Error('there is no network namespace')));
    });
    return this.#isHeld;
  }
}

export type { Place };
