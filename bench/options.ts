import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../src/lib/result.ts';
import type { CollectorBenchOptions } from './collector/options.ts';
import type { CompileBenchOptions } from './compile/options.ts';
import type { ControllerBenchOptions } from './controller/options.ts';
import type { DataPlaneOptions } from './data-plane/options.ts';
import { type ScenarioName, scenarioNames } from './data-plane/scenario.ts';
import type { TranslateBenchOptions } from './translate/options.ts';
import type { XdsBenchOptions } from './xds/options.ts';

export interface FrontendOptions {
  readonly benchmark: 'frontend';
  readonly output: 'table' | 'json';
  /** Documents in all, and Services among them. */
  readonly manifests: number;
  readonly services: number;
  /** Runs of each command. */
  readonly rounds: number;
}

export type BenchOptions =
  | DataPlaneOptions
  | FrontendOptions
  | XdsBenchOptions
  | CompileBenchOptions
  | CollectorBenchOptions
  | ControllerBenchOptions
  | TranslateBenchOptions;

export const usage = `usage: npm run bench -- [NAME ...] [-o json] [--seconds N] [--rounds N] [--connections N]
                                [--subjects NAME,...] [--profile FOLDER]
         NAME: ${scenarioNames.join(', ')}; all of them without a name
       npm run bench -- frontend [-o json] [--manifests N] [--services N] [--rounds N]
       npm run bench -- xds [-o json] [--clients N,...] [--services N] [--meshes N,...] [--seconds N] [--rounds N]
                                [--subjects NAME,...] [--wildcard] [--tls] [--profile FOLDER]
       npm run bench -- compile [-o json] [--meshes N,...] [--changes N] [--connected N,...]
       npm run bench -- translate [-o json] [--services N] [--rounds N]
       npm run bench -- collector [-o json] [--proxies N] [--calls N] [--seconds N] [--refreshes N]
       npm run bench -- controller [-o json] [--services N] [--pods N] [--splits N] [--proxies N] [--patches N]
                                [--kubectl N] [--seconds N] [--profile FOLDER]`;

const number = { type: 'string' } as const;
const common = {
  output: { type: 'string', short: 'o', default: 'table' },
  rounds: { type: 'string', default: '3' },
} as const;

/** Reads the command line; the error says what is wrong with it. */
export function parseOptions(args: readonly string[]): Result<BenchOptions, string> {
  try {
    return ok(optionsOf(args));
  } catch (error) {
    return err((error as Error).message);
  }
}

function optionsOf([name, ...rest]: readonly string[]): BenchOptions {
  if (name === 'frontend') return frontendOptions(rest);
  if (name === 'xds') return xdsOptions(rest);
  if (name === 'compile') return compileOptions(rest);
  if (name === 'translate') return translateOptions(rest);
  if (name === 'collector') return collectorOptions(rest);
  if (name === 'controller') return controllerOptions(rest);
  return dataPlaneOptions(name === undefined ? [] : [name, ...rest]);
}

function dataPlaneOptions(args: readonly string[]): DataPlaneOptions {
  const options = {
    ...common,
    seconds: { ...number, default: '5' },
    connections: { ...number, default: '64' },
    subjects: { type: 'string' },
    profile: { type: 'string' },
  } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  return {
    benchmark: 'data-plane',
    names: positionals.length === 0 ? scenarioNames : positionals.map(scenarioName),
    output: outputOf(values.output),
    seconds: wholeNumber('--seconds', values.seconds),
    rounds: wholeNumber('--rounds', values.rounds),
    connections: wholeNumber('--connections', values.connections),
    ...(values.subjects === undefined ? {} : { subjects: values.subjects.split(',') }),
    ...(values.profile === undefined ? {} : { profile: values.profile }),
  };
}

function scenarioName(text: string): ScenarioName {
  const name = scenarioNames.find((known) => known === text);
  if (name === undefined)
    throw new Error(
      `no benchmark ${text}; there are ${scenarioNames.join(', ')}, and frontend, xds, compile, translate, collector or controller alone`,
    );
  return name;
}

function frontendOptions(args: readonly string[]): FrontendOptions {
  const options = { ...common, manifests: { ...number, default: '10000' }, services: { ...number, default: '1000' } };
  const { values } = parseArgs({ args: [...args], options });
  return {
    benchmark: 'frontend',
    output: outputOf(values.output),
    manifests: wholeNumber('--manifests', values.manifests),
    services: wholeNumber('--services', values.services),
    rounds: wholeNumber('--rounds', values.rounds),
  };
}

function xdsOptions(args: readonly string[]): XdsBenchOptions {
  const options = {
    ...common,
    seconds: { ...number, default: '5' },
    clients: { type: 'string', default: '100,1000' },
    services: { ...number, default: '1000' },
    meshes: { type: 'string', default: '1000,5000,10000' },
    subjects: { type: 'string' },
    wildcard: { type: 'boolean', default: false },
    tls: { type: 'boolean', default: false },
    profile: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  return {
    benchmark: 'xds',
    output: outputOf(values.output),
    seconds: wholeNumber('--seconds', values.seconds),
    rounds: wholeNumber('--rounds', values.rounds),
    clients: values.clients.split(',').map((text) => wholeNumber('--clients', text)),
    services: wholeNumber('--services', values.services),
    meshes: values.meshes.split(',').map((text) => wholeNumber('--meshes', text)),
    wildcard: values.wildcard,
    tls: values.tls,
    ...(values.subjects === undefined ? {} : { subjects: values.subjects.split(',') }),
    ...(values.profile === undefined ? {} : { profile: values.profile }),
  };
}

function compileOptions(args: readonly string[]): CompileBenchOptions {
  const options = {
    output: common.output,
    meshes: { type: 'string', default: '1000,5000,10000' },
    changes: { ...number, default: '100' },
    connected: { type: 'string', default: '1,100' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  return {
    benchmark: 'compile',
    output: outputOf(values.output),
    meshes: values.meshes.split(',').map((text) => wholeNumber('--meshes', text)),
    changes: wholeNumber('--changes', values.changes),
    connected: values.connected.split(',').map((text) => wholeNumber('--connected', text)),
  };
}

function translateOptions(args: readonly string[]): TranslateBenchOptions {
  const options = { ...common, services: { ...number, default: '1000' } };
  const { values } = parseArgs({ args: [...args], options });
  return {
    benchmark: 'translate',
    output: outputOf(values.output),
    services: wholeNumber('--services', values.services),
    rounds: wholeNumber('--rounds', values.rounds),
  };
}

function collectorOptions(args: readonly string[]): CollectorBenchOptions {
  const options = {
    output: common.output,
    proxies: { ...number, default: '1000' },
    calls: { ...number, default: '10' },
    seconds: { ...number, default: '60' },
    refreshes: { ...number, default: '20' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  return {
    benchmark: 'collector',
    output: outputOf(values.output),
    proxies: wholeNumber('--proxies', values.proxies),
    calls: wholeNumber('--calls', values.calls),
    seconds: wholeNumber('--seconds', values.seconds),
    refreshes: wholeNumber('--refreshes', values.refreshes),
  };
}

function controllerOptions(args: readonly string[]): ControllerBenchOptions {
  const options = {
    output: common.output,
    services: { ...number, default: '1000' },
    pods: { ...number, default: '5000' },
    splits: { ...number, default: '500' },
    proxies: { ...number, default: '200' },
    patches: { ...number, default: '200' },
    kubectl: { ...number, default: '10' },
    seconds: { ...number, default: '20' },
    profile: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  return {
    benchmark: 'controller',
    output: outputOf(values.output),
    services: wholeNumber('--services', values.services),
    pods: wholeNumber('--pods', values.pods),
    splits: wholeNumber('--splits', values.splits),
    proxies: wholeNumber('--proxies', values.proxies),
    patches: wholeNumber('--patches', values.patches),
    kubectl: wholeNumber('--kubectl', values.kubectl),
    seconds: wholeNumber('--seconds', values.seconds),
    ...(values.profile === undefined ? {} : { profile: values.profile }),
  };
}

function outputOf(text: string): 'table' | 'json' {
  if (text === 'table' || text === 'json') return text;
  throw new Error(`-o takes table or json, not ${text}`);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} takes a whole number from 1 on, not ${text}`);
  return value;
}
