import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Envoy, openSocket } from '../../support/mesh/envoy-process.ts';
import { RawClient } from '../../support/mesh/http-client.ts';

const managerType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const routerType = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const listenerType = 'type.googleapis.com/envoy.config.listener.v3.Listener';
const connections = 8;
/** The header that header expressions look at. */
const header = 'x-value';

export interface Question {
  readonly pattern: number;
  readonly place: 'path' | 'header';
  /** Goes out as UTF-8. */
  readonly text: string;
}

/** A real Envoy with one route for each usable expression. */
export interface EnvoyRegex {
  /** Why Envoy refuses a pattern; absent for those it accepts. */
  readonly refusals: ReadonlyMap<number, string>;
  /** Whether each text matches. */
  ask(questions: readonly Question[]): Promise<readonly boolean[]>;
  stop(): Promise<void>;
}

/**
 * Starts Envoy with `patterns`: each in a listener of its own that takes no traffic, where a refusal hurts no other, and
 * those at the indexes `routed`, which it must accept, in one that answers `ask`. Programs over `programLimit` are refused.
 */
export async function startEnvoyRegex(
  binary: string,
  patterns: readonly string[],
  routed: readonly number[],
  programLimit: number,
): Promise<EnvoyRegex> {
  const folder = mkdtempSync(join(tmpdir(), 'smi-regex-'));
  const socket = (name: string): { path: string } => ({ path: join(folder, name) });
  const alone = patterns.map((pattern, index) =>
    listener(`p${index}`, [host(index, pattern)], socket(`p${index}`), false),
  );
  const all = routed.map((index) => host(index, patterns[index] ?? ''));
  const listeners = [...alone, listener('main', all, socket('main'), true)];
  const file = (name: string, content: unknown): string => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  const bootstrap = {
    node: { id: 'regex', cluster: 'regex' },
    admin: { address: { pipe: socket('admin') } },
    dynamic_resources: {
      lds_config: { path_config_source: { path: file('listeners.json', { resources: listeners }) } },
    },
    layered_runtime: { layers: [{ name: 'test', static_layer: { 're2.max_program_size.error_level': programLimit } }] },
  };
  const envoy = new Envoy(binary, file('bootstrap.json', bootstrap), socket('admin'));
  const clients = Array.from({ length: connections }, () => new RawClient(() => openSocket(socket('main'))));
  const stop = async (): Promise<void> => {
    for (const client of clients) client.close();
    await envoy.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await envoy.ready();
    const refusals = await refusalsOf(envoy);
    return { refusals, ask: (questions) => askAll(clients, questions), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listener(name: string, hosts: readonly unknown[], address: { path: string }, bound: boolean): unknown {
  const manager = {
    '@type': managerType,
    stat_prefix: 'in',
    route_config: { virtual_hosts: hosts },
    http_filters: [{ name: 'router', typed_config: { '@type': routerType } }],
  };
  return {
    '@type': listenerType,
    name,
    address: { pipe: address },
    bind_to_port: bound,
    filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
  };
}

/** Answers 200 where the expression matches; the method says where to look. */
function host(index: number, pattern: string): unknown {
  const method = (value: string) => ({ name: ':method', string_match: { exact: value } });
  const regex = { safe_regex: { regex: pattern } };
  const answer = { direct_response: { status: 200 } };
  return {
    name: `p${index}`,
    domains: [`p${index}`],
    routes: [
      { match: { ...regex, headers: [method('GET')] }, ...answer },
      { match: { prefix: '/', headers: [method('POST'), { name: header, string_match: regex }] }, ...answer },
    ],
  };
}

interface ConfigDump {
  readonly configs?: readonly { readonly name?: string; readonly error_state?: { readonly details?: string } }[];
}

async function refusalsOf(envoy: Envoy): Promise<ReadonlyMap<number, string>> {
  const response = await envoy.ask('/config_dump?resource=dynamic_listeners');
  if (response.kind !== 'response') throw new Error(`Envoy says nothing of its listeners: ${response.reason}`);
  const refusals = new Map<number, string>();
  for (const { name, error_state: state } of (JSON.parse(response.body) as ConfigDump).configs ?? []) {
    if (name === undefined || state === undefined) continue;
    // Refused with one of its expressions, which its own listener names.
    if (name !== 'main') refusals.set(Number(name.slice(1)), state.details ?? 'refused');
  }
  return refusals;
}

async function askAll(clients: readonly RawClient[], questions: readonly Question[]): Promise<readonly boolean[]> {
  const answers: boolean[] = [];
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (next < questions.length) {
        const index = next++;
        const question = questions[index];
        if (question !== undefined) answers[index] = await askOne(client, question);
      }
    }),
  );
  return answers;
}

async function askOne(client: RawClient, { pattern, place, text }: Question): Promise<boolean> {
  const octets = Buffer.from(text, 'utf8').toString('latin1');
  const response = await client.send({
    method: place === 'path' ? 'GET' : 'POST',
    path: place === 'path' ? octets : '/',
    headers: [
      ['Host', `p${pattern}`],
      ['Content-Length', '0'],
      ...(place === 'header' ? [[header, octets] as const] : []),
    ],
  });
  if (response.kind === 'ended') throw new Error(`no answer to ${place} ${JSON.stringify(text)}: ${response.reason}`);
  if (response.status !== 200 && response.status !== 404) {
    throw new Error(`status ${response.status} to ${place} ${JSON.stringify(text)}`);
  }
  return response.status === 200;
}
