import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMap, isSeq, LineCounter, type Node, parse, parseDocument } from 'yaml';
import type { MeshSettings } from '../../../src/model/types.ts';
import { readExpectation, type StatedExpectation } from './expectation.ts';

/** A golden case: a folder whose inputs, options and requests say everything that the case needs. */
export interface GoldenCase {
  readonly name: string;
  readonly directory: string;
  readonly title: string;
  /** Rows of the table of semantics (`rows.ts`) that the case is about. */
  readonly rows: readonly string[];
  /** Clauses of the specification (`test/clauses.ts`) that the case shows. */
  readonly clauses: readonly string[];
  readonly settings: Partial<MeshSettings>;
  /** The sidecars take outbound traffic by port number, as where it is intercepted, and not at a listener for each service. */
  readonly intercepted: boolean;
  /** What is kept of its outputs: all, or of a mesh too large to read the diagnostics alone. */
  readonly outputs: 'all' | 'diagnostics';
  /** Data planes that cannot answer, by name, and why: `Envoy`, `our proxy`. */
  readonly skips: Readonly<Record<string, string>>;
  readonly requests: readonly CaseRequest[];
}

/** What a client program sends, or what a peer sends straight to a server's sidecar. */
export type CaseRequest = (OutboundCase | InboundCase) & {
  readonly traffic: HttpTraffic | { readonly kind: 'tcp' | 'udp' };
  readonly expect: StatedExpectation;
  /** `FILE:LINE` of the request. */
  readonly place: string;
  /** The request in one line, for people. */
  readonly label: string;
};

interface OutboundCase {
  readonly direction: 'outbound';
  /** Workload id. */
  readonly from: string;
  readonly to: { readonly host: string; readonly port: number };
}

interface InboundCase {
  readonly direction: 'inbound';
  /** `NAMESPACE/SERVICEACCOUNT`, or the SPIFFE id of a member of the trust domain `partner.example`. */
  readonly peer: string;
  readonly credential: Credential;
  /** The workload whose address the peer calls from; by default an address of nobody. */
  readonly source?: string;
  /** Workload id and container port. */
  readonly workload: string;
  readonly port: number;
}

/** How the peer proves who it is; all but `issued` are attacks. */
const credentials = ['issued', 'forged', 'other-authority', 'of-partner', 'no-certificate', 'plain-text'] as const;
export type Credential = (typeof credentials)[number];

export interface HttpTraffic {
  readonly kind: 'http';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

const goldenDirectory = fileURLToPath(new URL('../../golden', import.meta.url));

/** Every case, by name. A malformed case throws: the tests' own data must be right. */
export function goldenCases(): readonly GoldenCase[] {
  return readdirSync(goldenDirectory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readCase(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readCase(name: string): GoldenCase {
  const directory = join(goldenDirectory, name);
  const options = parse(readFileSync(join(directory, 'case.yaml'), 'utf8')) as Fields;
  const known = ['title', 'rows', 'clauses', 'settings', 'intercepted', 'outputs', 'skips'];
  only(options, known, `${name}/case.yaml`);
  const file = join(directory, 'requests.yaml');
  if (!existsSync(file)) throw new Error(`${file} is missing`);
  return {
    name,
    directory,
    title: String(options.title),
    rows: (options.rows as string[] | undefined) ?? [],
    clauses: (options.clauses as string[] | undefined) ?? [],
    skips: (options.skips as Readonly<Record<string, string>> | undefined) ?? {},
    settings: (options.settings as Partial<MeshSettings> | undefined) ?? {},
    intercepted: options.intercepted === true,
    outputs: options.outputs === 'diagnostics' ? 'diagnostics' : 'all',
    requests: readRequests(file),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function readRequests(file: string): readonly CaseRequest[] {
  const lines = new LineCounter();
  const text = readFileSync(file, 'utf8');
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`);
  if (!isSeq(document.contents)) throw new Error(`${file}: a list of groups is needed`);
  return document.contents.items.flatMap((group) => {
    if (!isMap(group)) throw new Error(`${file}: a group is a mapping`);
    const requests = group.get('requests');
    if (!isSeq(requests)) throw new Error(`${file}: a group needs requests`);
    const where = group.toJSON() as Fields;
    return requests.items.map((item) => {
      const offset = (item as Node).range?.[0] ?? 0;
      const place = `${relative(process.cwd(), file)}:${lines.linePos(offset).line}`;
      return readRequest(where, (item as Node).toJSON() as Fields, place);
    });
  });
}

function readRequest(group: Fields, item: Fields, place: string): CaseRequest {
  const traffic = readTraffic(item, place);
  const end = readEnd(group, place);
  const home = end.direction === 'outbound' ? namespaceOf(end.from) : namespaceOf(end.workload);
  const what =
    traffic.kind === 'http'
      ? `${traffic.method} ${traffic.path} ${JSON.stringify(traffic.headers)}`
      : traffic.kind.toUpperCase();
  const ends =
    end.direction === 'outbound'
      ? `${end.from} -> ${end.to.host}:${end.to.port}`
      : `${end.peer} (${end.credential}) => ${end.workload}:${end.port}`;
  return { ...end, traffic, place, expect: readExpectation(item, home, place), label: `${ends} ${what}` };
}

function readEnd(group: Fields, place: string): OutboundCase | InboundCase {
  if (group.from !== undefined) {
    only(group, ['from', 'to', 'requests'], place);
    const [host, port] = hostAndPort(String(group.to), place);
    return { direction: 'outbound', from: qualified(String(group.from)), to: { host, port } };
  }
  only(group, ['peer', 'at', 'with', 'from-pod', 'requests'], place);
  const [workload, port] = hostAndPort(String(group.at), place);
  const credential = (group.with ?? 'issued') as Credential;
  if (!credentials.includes(credential)) throw new Error(`${place}: unknown credential ${credential}`);
  return {
    direction: 'inbound',
    peer: qualified(String(group.peer)),
    credential,
    ...(group['from-pod'] === undefined ? {} : { source: qualified(String(group['from-pod'])) }),
    workload: qualified(workload),
    port,
  };
}

const otherKeys = ['headers', 'status', 'shares', 'seen', 'tcp', 'udp'];

function readTraffic(item: Fields, place: string): CaseRequest['traffic'] {
  const methods = Object.keys(item).filter((key) => !otherKeys.includes(key));
  for (const kind of ['tcp', 'udp'] as const) {
    if (item[kind] === undefined) continue;
    only(item, [kind, 'shares'], place);
    return { kind };
  }
  const [method] = methods;
  if (method === undefined || methods.length > 1) throw new Error(`${place}: a request has one method`);
  const headers = (item.headers as HttpTraffic['headers'] | undefined) ?? {};
  return { kind: 'http', method, path: String(item[method]), headers };
}

function hostAndPort(text: string, place: string): [string, number] {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || !Number.isInteger(port)) throw new Error(`${place}: ${text} is not HOST:PORT`);
  return [text.slice(0, colon), port];
}

/** Names without namespace are of `default`. */
function qualified(name: string): string {
  return name.includes('/') ? name : `default/${name}`;
}

function namespaceOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

function only(fields: Fields, allowed: readonly string[], place: string): void {
  const unknown = Object.keys(fields).find((key) => !allowed.includes(key));
  if (unknown !== undefined) throw new Error(`${place}: unknown field ${unknown}`);
}
