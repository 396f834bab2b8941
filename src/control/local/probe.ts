import { execFile } from 'node:child_process';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import type { ContainerObject, ProbeObject } from '../../kubernetes/types.ts';

/** One attempt to learn whether a program serves; never rejects and always settles within its time limit. */
export type Check = () => Promise<boolean>;

export interface ProbePlan {
  readonly check: Check;
  readonly initialDelayMillis: number;
  readonly periodMillis: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

export interface ProbeTarget {
  readonly container: ContainerObject;
  readonly address: string;
  /** Where a container port is served locally; `undefined` when the container has no such port. */
  readonly appPort: (containerPort: number) => number | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const withoutProbe = { initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 3 };

/**
 * How to learn whether a container's program is ready: its own readiness probe with the port mapped, or without one a TCP
 * connection to its first port. A container without ports and probe is ready as soon as it runs.
 */
export function planProbe(target: ProbeTarget): ProbePlan {
  const probe = target.container.readinessProbe ?? { ...withoutProbe, successThreshold: 1 };
  return {
    check: buildCheck(target, probe),
    initialDelayMillis: probe.initialDelaySeconds * 1000,
    periodMillis: Math.max(0.1, probe.periodSeconds) * 1000,
    failureThreshold: Math.max(1, probe.failureThreshold),
    successThreshold: Math.max(1, probe.successThreshold),
  };
}

function buildCheck(target: ProbeTarget, probe: ProbeObject): Check {
  const { address, env, cwd } = target;
  const timeoutMillis = Math.max(0.1, probe.timeoutSeconds) * 1000;
  const portOf = (port: number | string) => resolvePort(target, port);
  if (probe.httpGet !== undefined) {
    const { path, headers } = probe.httpGet;
    const port = portOf(probe.httpGet.port);
    const fields = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
    return port === undefined ? never : () => httpGet({ address, port, path, headers: fields, timeoutMillis });
  }
  if (probe.exec !== undefined) {
    const [file, ...args] = probe.exec.command;
    return file === undefined ? never : () => runs({ file, args, env, cwd, timeoutMillis });
  }
  const wanted = probe.tcpSocket?.port ?? target.container.ports[0]?.containerPort;
  if (wanted === undefined) return () => Promise.resolve(true);
  const port = portOf(wanted);
  return port === undefined ? never : () => accepts({ address, port, timeoutMillis });
}

const never: Check = () => Promise.resolve(false);

function resolvePort({ container, appPort }: ProbeTarget, port: number | string): number | undefined {
  const containerPort =
    typeof port === 'number' ? port : container.ports.find(({ name }) => name === port)?.containerPort;
  return containerPort === undefined ? undefined : appPort(containerPort);
}

interface HttpGet {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMillis: number;
}

/** As the kubelet judges: any status from 200 to 399 is a success. */
function httpGet({ address, port, path, headers, timeoutMillis }: HttpGet): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMillis);
    const answered = (response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      response.resume();
      resolve(status >= 200 && status < 400);
    };
    try {
      const outgoing = request({ host: address, port, path, headers, agent: false, signal }, answered);
      outgoing.once('error', () => resolve(false));
      outgoing.end();
    } catch {
      // A path or header that HTTP does not allow: the probe can never succeed.
      resolve(false);
    }
  });
}

function accepts({ address, port, timeoutMillis }: { address: string; port: number; timeoutMillis: number }) {
  return new Promise<boolean>((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(timeoutMillis, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

interface Execution {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly timeoutMillis: number;
}

function runs({ file, args, env, cwd, timeoutMillis }: Execution): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, cwd, timeout: timeoutMillis, killSignal: 'SIGKILL' as const };
    execFile(file, [...args], options, (error) => resolve(error === null));
  });
}

/**
 * Runs a probe until it is stopped and calls `onChange` when the answer turns: ready after `successThreshold` successes in a
 * row, not ready after `failureThreshold` failures in a row. It starts not ready. Until the first success it asks more
 * often than the period, so that a quick program is not kept waiting for it.
 */
export function runProbe(plan: ProbePlan, onChange: (ready: boolean) => void): { stop(): void } {
  const eagerMillis = Math.min(plan.periodMillis, 100);
  let ready = false;
  let streak = 0;
  let stopped = false;
  const settle = (success: boolean) => {
    if (stopped) return;
    streak = success === ready ? 0 : streak + 1;
    if (streak >= (success ? plan.successThreshold : plan.failureThreshold)) {
      ready = success;
      streak = 0;
      onChange(ready);
    }
    timer = setTimeout(ask, ready ? plan.periodMillis : eagerMillis);
  };
  const ask = () => void plan.check().then(settle);
  let timer = setTimeout(ask, plan.initialDelayMillis);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
