import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagnostic } from '../../../diagnostics/diagnostic.ts';
import { err, ok, type Result } from '../../../lib/result.ts';
import { isRecord } from '../../../lib/values.ts';
import { resourceFromJson } from '../../../proxy/config/decode.ts';
import { ResourceSet } from '../../../proxy/config/resources.ts';
import { Unreachable } from '../../unreachable.ts';

/** What one running proxy does, as it says itself. */
export interface ProxyConfiguration {
  /** The workload id. */
  readonly node: string;
  readonly resources: ResourceSet;
}

export interface LiveOptions {
  /** Admin addresses of proxies: `http://127.0.0.1:15000`. */
  readonly live?: readonly string[];
  /** The state directory of a local mesh, where each proxy keeps what it applied last. */
  readonly state?: string;
}

const timeoutMillis = 3_000;
const sizeLimit = 64 * 1024 * 1024;
const stateFile = /\.proxy\.json$/;

/** The configurations that the options lead to; throws `Unreachable` when one cannot be had. */
export async function readProxies({ live = [], state }: LiveOptions): Promise<readonly ProxyConfiguration[]> {
  const asked = await Promise.all(live.map(askProxy));
  return [...asked, ...(state === undefined ? [] : readState(state))];
}

async function askProxy(url: string): Promise<ProxyConfiguration> {
  const text = await fetchText(url);
  if (!text.ok) throw notHad(`the proxy at ${url} does not answer: ${text.error}`);
  const found = configuration(text.value, 'config');
  if (!found.ok) throw notHad(`what ${url} answers is not the configuration of a proxy: ${found.error}`);
  return found.value;
}

/** The admin page `/config`, unless the address names a page itself. */
async function fetchText(url: string): Promise<Result<string, string>> {
  try {
    const { href } = new URL('/config', url);
    const response = await fetch(href, { signal: AbortSignal.timeout(timeoutMillis), redirect: 'error' });
    if (!response.ok) return err(`status ${response.status}`);
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > sizeLimit) return err(`more than ${sizeLimit} bytes`);
    }
    return ok(text + decoder.decode());
  } catch (error) {
    const { message, cause } = error as Error;
    return err(cause instanceof Error ? cause.message : message);
  }
}

function readState(directory: string): readonly ProxyConfiguration[] {
  let files: readonly string[];
  try {
    files = readdirSync(directory).filter((name) => stateFile.test(name));
  } catch (error) {
    throw notHad(`the state directory cannot be read: ${(error as Error).message}`);
  }
  if (files.length === 0) throw notHad(`${directory} has no state of a proxy`);
  return files.map((name) => {
    const file = join(directory, name);
    const found = readStateFile(file);
    if (!found.ok) throw notHad(`${file} is not the state of a proxy: ${found.error}`);
    return found.value;
  });
}

function readStateFile(file: string): Result<ProxyConfiguration, string> {
  try {
    return configuration(readFileSync(file, 'utf8'), 'state');
  } catch (error) {
    return err((error as Error).message);
  }
}

/** Reads what a proxy shows (`config`) or keeps (`state`); the resources that matter here hold no secret. */
function configuration(text: string, form: 'config' | 'state'): Result<ProxyConfiguration, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return err((error as Error).message);
  }
  const entries = isRecord(parsed) && Array.isArray(parsed.resources) ? (parsed.resources as unknown[]) : undefined;
  if (entries === undefined) return err('it has no resources');
  const resources = entries.flatMap((entry) => {
    const fields = form === 'state' && isRecord(entry) ? entry.resource : entry;
    if (!isRecord(fields) || /\.Secret$/.test(String(fields.typeUrl))) return [];
    const { version: _version, ...message } = fields;
    const decoded = resourceFromJson(message);
    return decoded.ok ? [decoded.value] : [];
  });
  const workloads = resources.filter(({ kind }) => kind === 'Workload');
  const [workload] = workloads;
  if (workload === undefined) return err('it has no Workload');
  return ok({ node: workload.name, resources: new ResourceSet().with(resources) });
}

function notHad(message: string): Unreachable {
  return new Unreachable(diagnostic('SMI6110', { message }));
}
