import { type InterceptionCall, parseInterceptionArguments } from '../interception/interception.ts';
import { clusterNamespaces, podAnnotations } from '../kubernetes/names.ts';
import type { Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';

/** What a container runtime asks of a plug-in: its environment and its standard input (CNI specification 1.0.0). */
export interface CniCall {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: string;
}

export interface CniAnswer {
  readonly exitCode: number;
  /** For standard output; empty: nothing. */
  readonly output: string;
}

/** What the plug-in does outside itself. Errors are sentences. */
export interface CniActions {
  /** The annotations of a pod, by the kubeconfig of the plug-in's configuration; undefined: there is no such pod. */
  readPod(
    kubeconfig: string,
    namespace: string,
    name: string,
  ): Promise<Result<Readonly<Record<string, string>> | undefined, string>>;
  redirect(networkNamespace: string, call: InterceptionCall): Promise<Result<void, string>>;
  /** Whether the rules are there. */
  isRedirected(networkNamespace: string): Promise<Result<boolean, string>>;
}

const versions = ['0.3.1', '0.4.0', '1.0.0'];
/** Of the specification: a field of the configuration is wrong; something that may be over in a moment; and our own. */
const codes = {
  invalidEnvironment: 4,
  decodingFailed: 6,
  invalidConfiguration: 7,
  tryLater: 11,
  notRedirected: 100,
} as const;

/**
 * A chained plug-in: after another has given the pod its network, it redirects the connections of pods that were injected, by the
 * annotation that the injection wrote, and hands the other's result on. When that cannot be known or done the pod does not start.
 */
export async function answerCni({ environment, input }: CniCall, actions: CniActions): Promise<CniAnswer> {
  const command = environment.CNI_COMMAND;
  const config = parseConfig(input);
  if (config === undefined) return fail('1.0.0', codes.decodingFailed, 'the configuration is not a JSON object');
  const version = typeof config.cniVersion === 'string' ? config.cniVersion : '0.3.1';
  if (command === 'VERSION') return say({ cniVersion: '1.0.0', supportedVersions: versions });
  // The rules go with the network.
  if (command === 'DEL') return { exitCode: 0, output: '' };
  if (command !== 'ADD' && command !== 'CHECK')
    return fail(version, codes.invalidEnvironment, `CNI_COMMAND is ${JSON.stringify(command ?? '')}`);
  const { prevResult } = config;
  if (!isRecord(prevResult))
    return fail(version, codes.invalidConfiguration, 'there is no prevResult: smi-mesh has to follow another plug-in');
  const found = await wantedFor(environment, config, actions);
  if ('code' in found) return fail(version, found.code, found.message);
  if (found.call !== undefined) {
    const done = await perform(command, environment.CNI_NETNS ?? '', found.call, actions);
    if (done !== undefined) return fail(version, codes.notRedirected, done);
  }
  return command === 'ADD' ? say(prevResult) : { exitCode: 0, output: '' };
}

/** Why it is not done. */
async function perform(
  command: 'ADD' | 'CHECK',
  networkNamespace: string,
  call: InterceptionCall,
  actions: CniActions,
): Promise<string | undefined> {
  if (command === 'ADD') {
    const done = await actions.redirect(networkNamespace, call);
    return done.ok ? undefined : done.error;
  }
  const there = await actions.isRedirected(networkNamespace);
  if (!there.ok) return there.error;
  return there.value ? undefined : 'connections of the pod are not redirected';
}

type Wanted = { readonly call: InterceptionCall | undefined } | { readonly code: number; readonly message: string };

async function wantedFor(environment: CniCall['environment'], config: Fields, actions: CniActions): Promise<Wanted> {
  const args = new Map((environment.CNI_ARGS ?? '').split(';').map((pair) => pair.split('=', 2) as [string, string]));
  const [namespace, name] = [args.get('K8S_POD_NAMESPACE'), args.get('K8S_POD_NAME')];
  // Networks of others than pods, and pods that are never injected, need nobody to be asked.
  if (namespace === undefined || name === undefined || isNever(namespace)) return { call: undefined };
  if (typeof config.kubeconfig !== 'string')
    return { code: codes.invalidConfiguration, message: 'the configuration of smi-mesh names no kubeconfig' };
  const annotations = await actions.readPod(config.kubeconfig, namespace, name);
  if (!annotations.ok) return { code: codes.tryLater, message: annotations.error };
  if (annotations.value === undefined) return { code: codes.tryLater, message: `there is no pod ${namespace}/${name}` };
  const text = annotations.value[podAnnotations.interception];
  if (text === undefined) return { call: undefined };
  const call = parseInterceptionArguments(text);
  if (call.ok) return { call: call.value };
  return { code: codes.notRedirected, message: `the annotation ${podAnnotations.interception} ${call.error}` };
}

function isNever(namespace: string): boolean {
  return (clusterNamespaces as readonly string[]).includes(namespace);
}

function parseConfig(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function say(value: unknown): CniAnswer {
  return { exitCode: 0, output: `${JSON.stringify(value)}\n` };
}

function fail(cniVersion: string, code: number, msg: string): CniAnswer {
  return { exitCode: 1, output: `${JSON.stringify({ cniVersion, code, msg: `smi-mesh: ${msg}` })}\n` };
}
