import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const listener = fileURLToPath(new URL('listener.py', import.meta.url));
export const smiCli = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** Of the pod, of what is beyond it, and of what the pod reaches there by a route alone. */
export const addresses = {
  pod: { 4: '10.77.0.2', 6: 'fd77::2' },
  world: { 4: '10.77.0.1', 6: 'fd77::1' },
  far: { 4: '10.78.0.1', 6: 'fd78::1' },
  /** Nobody has it, like a cluster IP. */
  service: { 4: '10.96.0.10', 6: 'fd96::10' },
} as const;

export interface Answer {
  readonly code: number;
  readonly output: string;
}

export interface PodNetwork {
  /** By which the pod's network can be entered. */
  readonly file: string;
  /** Runs a program in the pod's network. */
  inPod(file: string, ...args: readonly string[]): Promise<Answer>;
  /** Runs it in the network beyond. */
  inWorld(file: string, ...args: readonly string[]): Promise<Answer>;
  intercept(...args: readonly string[]): Promise<Answer>;
  /** A connection of the pod that stays: asks who is there, now and whenever it is called again. */
  connect(address: string, port: number): Promise<() => Promise<string>>;
  /** Starts servers (listener.py) in either network. */
  listen(where: 'pod' | 'world', name: string, uid: number, ...addresses: readonly string[]): Promise<void>;
  stop(): void;
}

/**
 * A pod's network and one beyond it, joined by a pair of interfaces. The process must be in a network of its own (`unshare --net`), which is
 * the one beyond; everything is gone with the process.
 */
export function createPodNetwork(): PodNetwork {
  const running: ChildProcess[] = [];
  // Ends with its standard input, and so with this process.
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(holder);
  const inside = ['nsenter', `--net=/proc/${holder.pid}/ns/net`] as const;
  const run = (...command: readonly string[]) => {
    const [file = '', ...args] = command;
    execFileSync(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  };
  untilOwnNetwork(holder.pid ?? 0);
  const { pod, world, far } = addresses;
  run('ip', 'link', 'set', 'lo', 'up');
  run('ip', 'link', 'add', 'world', 'type', 'veth', 'peer', 'name', 'pod', 'netns', String(holder.pid));
  for (const family of [4, 6] as const) {
    const bits = family === 4 ? 24 : 64;
    const quick = family === 6 ? ['nodad'] : [];
    run('ip', 'address', 'add', `${world[family]}/${bits}`, 'dev', 'world', ...quick);
    run('ip', 'address', 'add', `${far[family]}/${family === 4 ? 32 : 128}`, 'dev', 'lo', ...quick);
    run(...inside, 'ip', 'address', 'add', `${pod[family]}/${bits}`, 'dev', 'pod', ...quick);
  }
  run('ip', 'link', 'set', 'world', 'up');
  run(...inside, 'ip', 'link', 'set', 'lo', 'up');
  run(...inside, 'ip', 'link', 'set', 'pod', 'up');
  for (const family of [4, 6] as const) {
    run(...inside, 'ip', `-${family}`, 'route', 'add', 'default', 'via', world[family]);
  }
  const inPod = (...command: readonly string[]) => answerOf([...inside, ...command]);
  return {
    file: `/proc/${holder.pid}/ns/net`,
    inPod,
    inWorld: (...command) => answerOf(command),
    intercept: (...args) => inPod(process.execPath, smiCli, 'intercept', ...args),
    async listen(where, name, uid, ...where2) {
      const command = [...(where === 'pod' ? inside : []), 'python3', listener, name, String(uid), ...where2];
      const [file = '', ...args] = command;
      const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
      running.push(child);
      await new Promise<void>((resolve, reject) => {
        createInterface(child.stdout).once('line', () => resolve());
        child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
      });
    },
    async connect(address, port) {
      const program = [
        'import socket, sys',
        `c = socket.create_connection((${JSON.stringify(address)}, ${port}), 30)`,
        'for line in sys.stdin: c.sendall(line.encode()); print(c.recv(4096).decode().strip(), flush=True)',
      ];
      const [file, ...args] = [...inside, 'python3', '-c', program.join('\n')];
      const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
      running.push(child);
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const ask = async () => {
        child.stdin.write('still there?\n');
        const { value } = await lines.next();
        return String(value);
      };
      await ask();
      return ask;
    },
    stop() {
      for (const child of running) child.kill('SIGKILL');
    },
  };
}

/** `unshare` has to have run before its network can be told from ours. */
function untilOwnNetwork(pid: number): void {
  const network = (of: string) => execFileSync('readlink', [`/proc/${of}/ns/net`], { encoding: 'utf8' });
  const end = Date.now() + 10_000;
  while (network(String(pid)) === network('self')) {
    if (Date.now() > end) throw new Error('the network of the pod is not there');
  }
}

function answerOf([file = '', ...args]: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: 45_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, output: `${stdout}${error === null ? '' : stderr}`.trim() });
    });
  });
}

export function url(address: string, port: number): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/`;
}
