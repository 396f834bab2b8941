import { type Command, InvalidArgumentError, Option } from 'commander';
import { dataPlaneKinds, systemNamespace } from '../../kubernetes/names.ts';
import { duration } from '../option-values.ts';
import type { SettingOptions } from './settings.ts';

/** Which cluster a command works on: unlike commands on files, these always mean one. */
export interface TargetOptions {
  readonly context?: string;
  readonly kubeconfig?: string;
}

export function withTarget(command: Command): Command {
  return command
    .option('--context <name>', 'a context of the kubeconfig (default: the current one)')
    .option('--kubeconfig <file>', 'this kubeconfig instead of the usual ones');
}

export interface ApplyingOptions extends SettingOptions, TargetOptions {
  readonly timeout: number;
  readonly wait: boolean;
  readonly checks: boolean;
}

/** Options of `install` and `upgrade`. */
export function withSettings(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'namespace of the control plane', systemNamespace)
    .addOption(
      new Option('-f, --values <file>', 'values of the Helm chart; may be repeated')
        .argParser(addFile)
        .default([], 'none'),
    )
    .option('--image <reference>', 'image of the controller and of the sidecars')
    .option('--envoy-image <reference>', 'image of Envoy')
    .option('--replicas <number>', 'replicas of the controller', count)
    .option('--no-ha', 'one replica of the controller, for clusters to try things out')
    .option('--trust-domain <name>', 'SPIFFE trust domain of the mesh')
    .addOption(new Option('--data-plane <kind>', 'sidecar of pods that name none').choices(dataPlaneKinds))
    .option('--cni', 'redirect pods by a CNI plug-in in place of an init container')
    .option('--cert-manager', 'let cert-manager make the certificate of the webhooks')
    .addOption(
      new Option('--timeout <time>', 'how long to wait until it is ready')
        .argParser(duration(1_000, '30s or 5m'))
        .default(300_000, '5m'),
    )
    .option('--no-wait', 'do not wait')
    .option('--no-checks', 'do not check the cluster before');
}

function addFile(file: string, files: readonly string[]): readonly string[] {
  return [...files, file];
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('Write a number from 1.');
  return number;
}
