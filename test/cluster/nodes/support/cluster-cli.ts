import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runCli } from '../../../support/run-cli.ts';
import type { Lab } from '../../lab/lab.ts';

/** Runs smi-cli against a lab as its users do, and gives what it prints; any status but the one that is meant is an error. */
export async function cliOn(lab: Lab, argv: readonly string[], status = 0): Promise<string> {
  const run = await runCli(argv, { env: { KUBECONFIG: lab.kubeconfig }, timeout: 150_000 });
  if (run.status === status) return run.stdout;
  throw new Error(`smi-cli ${argv.join(' ')} ends with ${run.status}: ${run.stdout}${run.stderr}`);
}

export async function jsonOn<T>(lab: Lab, argv: readonly string[]): Promise<T> {
  return JSON.parse(await cliOn(lab, [...argv, '--output', 'json'])) as T;
}

/** A dashboard that runs, with the token to move weights. */
export interface RunningDashboard {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  /** Moves weights as the page does; gives the status. */
  post(path: string, body: unknown): Promise<number>;
  stop(): Promise<void>;
}

const entry = fileURLToPath(new URL('../../../../src/cli/main.ts', import.meta.url));
const patience = 60_000;

export async function startDashboard(lab: Lab): Promise<RunningDashboard> {
  const program = spawn(process.execPath, [entry, 'dashboard', '--context', '--port', '0', '--allow-edit'], {
    env: { ...process.env, KUBECONFIG: lab.kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(program, 'exit');
  let said = '';
  const address = await new Promise<URL>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the dashboard does not start: ${said}`)), patience);
    const hear = (text: string) => {
      said += text;
      const [url] = /http:\/\/\S+#token=\S+/.exec(said) ?? [];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(new URL(url));
    };
    program.stdout.setEncoding('utf8').on('data', hear);
    program.stderr.setEncoding('utf8').on('data', hear);
  });
  const { origin, hash } = address;
  const signal = () => AbortSignal.timeout(patience);
  return {
    url: origin,
    get: async <T>(path: string) => {
      const response = await fetch(`${origin}${path}`, { signal: signal() });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
      return JSON.parse(text) as T;
    },
    post: async (path, body) => {
      const headers = { origin, authorization: `Bearer ${hash.replace('#token=', '')}` };
      const response = await fetch(`${origin}${path}`, {
        ...{ method: 'POST', headers, signal: signal() },
        body: JSON.stringify(body),
      });
      await response.text();
      return response.status;
    },
    stop: async () => {
      program.kill('SIGINT');
      await ended;
    },
  };
}

/** The first lines of a stream of JSON lines, once there are so many. */
export async function firstLines(url: string, count: number): Promise<readonly unknown[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(patience) });
  if (response.status !== 200 || response.body === null) throw new Error(`${url}: ${response.status}`);
  let rest = '';
  const found: unknown[] = [];
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    found.push(...lines.filter(Boolean).map((line) => JSON.parse(line)));
    if (found.length >= count) return found;
  }
  throw new Error(`${url} ends after ${found.length} lines`);
}
