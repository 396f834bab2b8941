import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../lib/duration.ts';
import { type ResourcePlural, resourceKinds, type Side } from '../../metrics/contract.ts';
import type { ControlPlaneOptions } from '../control-plane/answer.ts';
import { type PrometheusCommandOptions, withPrometheus } from '../prometheus-options.ts';

export interface TrafficCommandOptions extends ControlPlaneOptions, PrometheusCommandOptions {
  /** In milliseconds. */
  readonly window: number;
  readonly side?: Side;
  /** Only what concerns this namespace. */
  readonly within?: string;
}

export interface TopOptions extends TrafficCommandOptions {
  readonly direction: 'from' | 'to';
  readonly output: 'table' | 'wide' | 'json';
  readonly once?: true;
  readonly file?: string;
}

/** Which traffic is meant. */
export function withTraffic(command: Command): Command {
  return withPrometheus(command, 'ask this Prometheus, and the control plane only what belongs together')
    .addOption(
      new Option('--window <duration>', 'what was counted in the time before now')
        .argParser(windowMillis)
        .default(30_000, '30s'),
    )
    .addOption(
      new Option('--side <side>', "whose proxies measured: the callers' or the servers'").choices(['client', 'server']),
    )
    .option('--within <namespace>', 'only objects of this namespace');
}

function windowMillis(text: string): number {
  const millis = parseDuration(text);
  if (millis === undefined || millis < 1_000) throw new InvalidArgumentError('It is a duration such as 30s or 2m.');
  return millis;
}

const shortNames: Readonly<Record<string, ResourcePlural>> = {
  ns: 'namespaces',
  no: 'nodes',
  po: 'pods',
  rc: 'replicationcontrollers',
  svc: 'services',
  rs: 'replicasets',
  ds: 'daemonsets',
  deploy: 'deployments',
  sts: 'statefulsets',
  ts: 'trafficsplits',
  split: 'trafficsplits',
  splits: 'trafficsplits',
};

/** A kind as people name it to kubectl: plural, singular or short, in any case. */
export function readPlural(text: string): ResourcePlural | undefined {
  const name = text.toLowerCase();
  if (Object.hasOwn(shortNames, name)) return shortNames[name];
  return (Object.keys(resourceKinds) as ResourcePlural[]).find((plural) => plural === name || plural === `${name}s`);
}

export const kindsText = Object.keys(resourceKinds).join(', ');
