import { sidecarPorts } from '../kubernetes/names.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { type Probe, type ProbeKind, type ProbeTable, type ProbeTarget, probeKey, probePath } from '../probes/table.ts';
import type { Container } from './pod-parts.ts';

export interface RewrittenProbes {
  readonly containers: readonly Container[];
  readonly table: ProbeTable;
}

const probeFields = { liveness: 'livenessProbe', readiness: 'readinessProbe', startup: 'startupProbe' } as const;
const hooks = ['postStart', 'preStop'] as const;

export interface RewriteOptions {
  /** At these the kubelet reaches the program itself. */
  readonly excludedPorts: ReadonlySet<number>;
  /** How long a hook may take: nothing else bounds it. */
  readonly hookSeconds: number;
}

/**
 * The kubelet has no certificate, so that the sidecar would turn it away: what it would ask of a container it asks the
 * sidecar instead, which asks the container. What the kubelet does not ask over the pod's network stays: commands,
 * other hosts, and ports that are not intercepted. So does a probe of a port that has no number; the kubelet says so.
 */
export function rewriteProbes(containers: readonly Container[], options: RewriteOptions): RewrittenProbes {
  const table: Record<string, Probe> = {};
  const rewritten = containers.map((container) => rewriteContainer(container, options, table));
  return { containers: rewritten, table };
}

function rewriteContainer(container: Container, options: RewriteOptions, table: Record<string, Probe>): Container {
  const changes: Record<string, unknown> = {};
  const rewrite = (handler: unknown, kind: ProbeKind, seconds: number): Fields | undefined => {
    if (!isRecord(handler)) return undefined;
    const target = targetOf(handler, container);
    if (target === undefined || options.excludedPorts.has(target.port)) return undefined;
    table[probeKey(container.name, kind)] = { target, timeoutSeconds: seconds };
    const { httpGet: _http, tcpSocket: _tcp, grpc: _grpc, ...rest } = handler;
    return { ...rest, httpGet: { path: probePath(container.name, kind), port: sidecarPorts.health, scheme: 'HTTP' } };
  };
  for (const [kind, field] of Object.entries(probeFields)) {
    const probe = container[field];
    const seconds = isRecord(probe) && typeof probe.timeoutSeconds === 'number' ? probe.timeoutSeconds : 1;
    const replaced = rewrite(probe, kind as ProbeKind, Math.max(1, seconds));
    if (replaced !== undefined) changes[field] = replaced;
  }
  const { lifecycle } = container;
  if (isRecord(lifecycle)) {
    const replaced = hooks.flatMap((hook) => {
      const handler = lifecycle[hook];
      // A hook that only opens a connection does nothing in Kubernetes.
      const kept = isRecord(handler) && isRecord(handler.httpGet) ? handler : undefined;
      const value = rewrite(kept, hook, options.hookSeconds);
      return value === undefined ? [] : [[hook, value] as const];
    });
    if (replaced.length > 0) changes.lifecycle = { ...lifecycle, ...Object.fromEntries(replaced) };
  }
  return Object.keys(changes).length === 0 ? container : { ...container, ...changes };
}

function targetOf(handler: Fields, container: Container): ProbeTarget | undefined {
  const { httpGet, tcpSocket, grpc } = handler;
  if (isRecord(httpGet)) {
    const port = ownPort(httpGet, container);
    if (port === undefined) return undefined;
    const path = typeof httpGet.path === 'string' && httpGet.path !== '' ? httpGet.path : '/';
    const scheme = String(httpGet.scheme ?? 'HTTP').toLowerCase() === 'https' ? 'https' : 'http';
    const headers = (Array.isArray(httpGet.httpHeaders) ? httpGet.httpHeaders : []).flatMap((header: unknown) =>
      isRecord(header) ? [{ name: String(header.name ?? ''), value: String(header.value ?? '') }] : [],
    );
    return { kind: 'http', port, path: path.startsWith('/') ? path : `/${path}`, scheme, headers };
  }
  if (isRecord(tcpSocket)) {
    const port = ownPort(tcpSocket, container);
    return port === undefined ? undefined : { kind: 'tcp', port };
  }
  if (isRecord(grpc)) {
    const port = ownPort(grpc, container);
    return port === undefined ? undefined : { kind: 'grpc', port, service: String(grpc.service ?? '') };
  }
  return undefined;
}

/** The port of a handler that asks the pod; `undefined` for another host, and where there is no such port. */
function ownPort({ host, port }: Fields, container: Container): number | undefined {
  if (typeof host === 'string' && host !== '') return undefined;
  if (typeof port === 'number') return port;
  if (typeof port !== 'string') return undefined;
  if (/^\d+$/.test(port)) return Number(port);
  const ports: readonly unknown[] = Array.isArray(container.ports) ? container.ports : [];
  const named = ports.find((candidate) => isRecord(candidate) && candidate.name === port);
  return isRecord(named) && typeof named.containerPort === 'number' ? named.containerPort : undefined;
}
