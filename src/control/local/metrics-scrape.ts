import { request as sendRequest } from 'node:http';
import { localAdminPort } from '../../kubernetes/local-addressing.ts';

/** One series of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const timeoutMillis = 2_000;
const sizeLimit = 4 * 1024 * 1024;
const line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Reads the Prometheus text format (version 0.0.4); lines that are no samples, comments among them, are left out. */
export function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((row) => {
    const parts = line.exec(row);
    if (parts === null) return [];
    const [, name = '', labels = '', value = ''] = parts;
    return [{ name, labels: parseLabels(labels), value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) }];
  });
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(label)].map(([, name = '', value = '']) => [name, unescapeLabel(value)] as const);
  return Object.fromEntries(pairs);
}

function unescapeLabel(value: string): string {
  return value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** The metrics of the sidecar on a pod's address; `undefined` when it does not answer in time. */
export async function scrape(address: string): Promise<readonly Sample[] | undefined> {
  const text = await ask(address, '/metrics');
  return text === undefined ? undefined : parseMetrics(text);
}

/** The body of a sidecar's page, of its admin endpoint unless told otherwise; `undefined` unless it answers 200 in time. */
export function ask(address: string, path: string, port: number = localAdminPort): Promise<string | undefined> {
  return request('GET', address, path, port);
}

/** The same for what a sidecar is asked to do. */
export function tell(address: string, path: string): Promise<string | undefined> {
  return request('POST', address, path, localAdminPort);
}

function request(method: 'GET' | 'POST', address: string, path: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      method,
      host: address,
      port,
      path,
      agent: false,
      signal: AbortSignal.timeout(timeoutMillis),
    };
    const outgoing = sendRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > sizeLimit) response.destroy();
      });
      response.once('close', () => resolve(response.complete && response.statusCode === 200 ? text : undefined));
    });
    outgoing.once('error', () => resolve(undefined));
    outgoing.end();
  });
}
