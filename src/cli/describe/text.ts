import type { TextStyle } from '../../lib/text-style.ts';
import type { ObjectEvent } from './events.ts';
import { type ProxiesOfObject, proxyLines } from './proxies.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** It speaks of an older generation of the object. */
  readonly outdated: boolean;
}

/** What is known of one object. */
export interface Description {
  readonly object: string;
  readonly apiVersion: string;
  readonly created: string;
  readonly conditions: readonly Condition[];
  readonly findings: readonly {
    readonly code: string;
    readonly severity: string;
    readonly message: string;
    readonly hint: string;
    readonly field?: string;
  }[];
  /** What it does in the mesh. */
  readonly effects: readonly string[];
  /** Whose sidecars carry that out. */
  readonly pods: readonly { readonly pod: string; readonly ready: boolean; readonly sidecar: boolean }[];
  /** Whether they have it. */
  readonly proxies: ProxiesOfObject;
  readonly events: readonly ObjectEvent[];
}

const podLimit = 20;

export function descriptionLines(description: Description, style: TextStyle): readonly string[] {
  const { object, apiVersion, created, conditions, findings, effects, pods, proxies, events } = description;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const verdict =
    errors > 0 ? `has ${errors} error${errors === 1 ? '' : 's'}` : effects.length > 0 ? 'is in force' : 'does nothing';
  return [
    `${style.bold(object)} ${verdict}`,
    `  ${apiVersion}${created === '' ? '' : `, created ${created}`}`,
    ...section('Does', effects, style),
    ...section(
      'Conditions',
      conditions.map(({ type, status, reason, message, outdated }) => {
        const text = `${type.padEnd(12)} ${status.padEnd(7)} ${reason}${message === '' ? '' : `: ${message}`}`;
        return outdated ? `${text} (of an older generation)` : text;
      }),
      style,
    ),
    ...section(
      'Findings',
      findings.flatMap(({ code, severity, message, hint, field }) => [
        `${severity} ${code}${field ? ` at ${field}` : ''}: ${message}`,
        `  hint: ${hint}`,
      ]),
      style,
    ),
    ...section('Pods', podLines(pods), style),
    ...section('Proxies', proxyLines(proxies), style),
    ...section(
      'Events',
      events.map(
        ({ at, type, reason, note, count }) =>
          `${at} ${type} ${reason}: ${note}${count > 1 ? ` (${count} times)` : ''}`,
      ),
      style,
    ),
  ];
}

function podLines(pods: Description['pods']): readonly string[] {
  const lines = pods.slice(0, podLimit).map(({ pod, ready, sidecar }) => {
    return `${pod}${ready ? '' : ', not ready'}${sidecar ? '' : ', without a sidecar'}`;
  });
  return pods.length > podLimit ? [...lines, `and ${pods.length - podLimit} more`] : lines;
}

function section(title: string, lines: readonly string[], style: TextStyle): readonly string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines.map((line) => `  ${line}`)];
}
