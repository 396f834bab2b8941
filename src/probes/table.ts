import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';

/** What a container is asked, as its author wrote it: probes, and hooks that are requests. */
export const probeKinds = ['liveness', 'readiness', 'startup', 'postStart', 'preStop'] as const;
export type ProbeKind = (typeof probeKinds)[number];

/** One question to a container; ports are numbers. */
export type ProbeTarget =
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly path: string;
      readonly scheme: 'http' | 'https';
      readonly headers: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'grpc'; readonly port: number; readonly service: string };

export interface Probe {
  readonly target: ProbeTarget;
  readonly timeoutSeconds: number;
}

/** By `CONTAINER/KIND`. The injection writes it into the environment of the sidecar, which performs the probes. */
export type ProbeTable = Readonly<Record<string, Probe>>;

export function probeKey(container: string, kind: ProbeKind): string {
  return `${container}/${kind}`;
}

/** Where a sidecar answers for a probe. */
export function probePath(container: string, kind: ProbeKind): string {
  return `/probe/${probeKey(container, kind)}`;
}

/** Reads the table as it stands in the environment. */
export function parseProbeTable(text: string): Result<ProbeTable, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('the table of probes is not JSON');
  }
  if (!isRecord(value)) return err('the table of probes is not a mapping');
  const wrong = Object.entries(value).find(([, probe]) => !isProbe(probe));
  return wrong === undefined ? ok(value as ProbeTable) : err(`the probe ${wrong[0]} is not one of http, tcp and grpc`);
}

function isProbe(value: unknown): value is Probe {
  if (!isRecord(value) || typeof value.timeoutSeconds !== 'number' || !isRecord(value.target)) return false;
  const { target } = value;
  return Number.isInteger(target.port) && isTarget(target);
}

function isTarget(target: Fields): boolean {
  if (target.kind === 'tcp') return true;
  if (target.kind === 'grpc') return typeof target.service === 'string';
  return (
    target.kind === 'http' &&
    typeof target.path === 'string' &&
    (target.scheme === 'http' || target.scheme === 'https') &&
    Array.isArray(target.headers) &&
    target.headers.every(
      (header) => isRecord(header) && typeof header.name === 'string' && typeof header.value === 'string',
    )
  );
}
