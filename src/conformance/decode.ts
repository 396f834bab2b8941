import type { CaseExpectation, ConformanceCase, Manifest, ObjectName, Step, Traffic, Wanted } from './case.ts';
import { meshAnswers } from './case.ts';
import { alwaysSamples } from './judge.ts';
import { CaseNamespaces } from './namespaces.ts';
import { sampleSize } from './statistics/shares.ts';
import { openAccess, topologyOf } from './topology.ts';
import type { WrittenCase, WrittenExpectation, WrittenTopology } from './written.ts';

const defaultPort = 80;
const smiGroups = ['split.smi-spec.io/', 'access.smi-spec.io/', 'specs.smi-spec.io/'];

/**
 * The cases that a file stands for, with every name in full. Throws an Error with a sentence where the file contradicts itself in
 * a way that the schema cannot see.
 */
export function decodeCase(
  name: string,
  written: WrittenCase,
  topologies: Readonly<Record<string, WrittenTopology>>,
): readonly ConformanceCase[] {
  const topology = inFull(written.topology, topologies);
  if (written.versions === undefined) return [decodeOne(name, written, topology, undefined)];
  return written.versions.map((version) => decodeOne(`${name}@${version}`, written, topology, version));
}

function inFull(
  written: string | WrittenTopology,
  topologies: Readonly<Record<string, WrittenTopology>>,
): WrittenTopology {
  const name = typeof written === 'string' ? written : written.like;
  if (name === undefined) return written as WrittenTopology;
  const named = topologies[name];
  if (named === undefined) throw new Error(`there is no topology ${name}`);
  if (typeof written === 'string') return named;
  return { pods: { ...named.pods, ...written.pods }, services: { ...named.services, ...written.services } };
}

function decodeOne(
  name: string,
  written: WrittenCase,
  topology: WrittenTopology,
  version: string | undefined,
): ConformanceCase {
  const namespaces = new CaseNamespaces(name);
  const { title, api, feature, level, clauses, settings = {}, access, resources = [], expect, reads, steps } = written;
  for (const alias of [...Object.keys(topology.pods), ...Object.keys(topology.services ?? {})]) namespaces.id(alias);
  const stated = steps ?? [{ apply: resources, expect: expect ?? [], reads: reads ?? [] }];
  const filled = namespaces.fill(stated, version);
  const { manifests, pods, accounts } = topologyOf(topology, namespaces);
  const open = access === 'open' ? openAccess(accounts) : [];
  const always = filled.some(({ apply = [] }) => apply.some(({ kind }) => kind === 'TrafficSplit')) ? alwaysSamples : 1;
  const reader = new ExpectationReader(namespaces, new Set(pods.map(({ id }) => id)), always);
  const decoded = filled.map((step, index): Step => {
    const more = index === 0 ? [...open, ...(steps === undefined ? [] : namespaces.fill(resources, version))] : [];
    return {
      apply: [...more, ...(step.apply ?? [])].map((manifest) => inNamespace(manifest, namespaces.of('main'))),
      remove: ('remove' in step ? (step.remove ?? []) : []).map((text) => objectName(text, namespaces.of('main'))),
      expect: (step.expect ?? []).map((each) => reader.read(each)),
      reads: (step.reads ?? []).map(({ holds, status, ...question }) => ({
        ...question,
        wants: status === undefined ? { holds } : { status },
      })),
    };
  });
  const apiVersions = decoded.flatMap(({ apply }) => apply.map(({ apiVersion }) => String(apiVersion)));
  const smi = apiVersions.filter((apiVersion) => smiGroups.some((group) => apiVersion.startsWith(group)));
  return {
    ...{ name, title, api, feature, level, clauses, settings, pods },
    apiVersions: [...new Set(smi)].sort(),
    namespaces: namespaces.used,
    topology: manifests,
    steps: decoded,
  };
}

function inNamespace(manifest: Manifest, namespace: string): Manifest {
  const metadata = manifest.metadata as Readonly<Record<string, unknown>>;
  return { ...manifest, metadata: { namespace, ...metadata } };
}

function objectName(text: string, home: string): ObjectName {
  const [kind = '', first = '', second] = text.split('/');
  return second === undefined ? { kind, namespace: home, name: first } : { kind, namespace: first, name: second };
}

class ExpectationReader {
  readonly #namespaces: CaseNamespaces;
  readonly #pods: ReadonlySet<string>;
  readonly #always: number;

  constructor(namespaces: CaseNamespaces, pods: ReadonlySet<string>, always: number) {
    this.#namespaces = namespaces;
    this.#pods = pods;
    this.#always = always;
  }

  read(written: WrittenExpectation): CaseExpectation {
    const { from, to, sees } = written;
    const colon = to.lastIndexOf(':');
    const host = colon < 0 ? to : to.slice(0, colon);
    const port = colon < 0 ? defaultPort : Number(to.slice(colon + 1));
    const client = this.#namespaces.id(from);
    if (!this.#pods.has(client)) throw new Error(`there is no pod ${from}`);
    const traffic = trafficOf(written);
    const line = traffic.kind === 'http' ? `${traffic.method} ${traffic.path}` : traffic.kind;
    return {
      label: `${line} from ${from} to ${to}`,
      question: { from: client, host, port, traffic },
      gives: this.#wanted(written),
      ...(sees === undefined ? {} : { sees }),
    };
  }

  #wanted({ gives, every, atLeast, tellApart = [] }: WrittenExpectation): Wanted {
    if (Array.isArray(gives))
      return { kind: 'among', outcomes: gives.map((each) => this.#outcome(each)), every: every === true };
    const shares = typeof gives === 'string' ? { [gives]: 1 } : (gives as Readonly<Record<string, number>>);
    const named = this.#named(shares);
    const apart = tellApart.map((other) => this.#named(other));
    if (!Object.values(named).some((weight) => weight > 0)) throw new Error('no outcome has a weight');
    if (sampleSize(named, apart) === undefined) throw new Error('the shares take too many requests to be told apart');
    const onlyPod = Object.keys(named).every((outcome) => this.#pods.has(outcome));
    const usual = Object.keys(named).length === 1 && onlyPod ? this.#always : 1;
    return { kind: 'shares', shares: named, tellApart: apart, atLeast: atLeast ?? usual };
  }

  #named(shares: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(shares).map(([name, weight]) => [this.#outcome(name), weight]));
  }

  #outcome(written: string): string {
    if ((meshAnswers as readonly string[]).includes(written)) return written;
    const id = this.#namespaces.id(written);
    if (!this.#pods.has(id)) throw new Error(`${written} is neither a pod nor an answer of a mesh`);
    return id;
  }
}

function trafficOf({ request = 'GET /', headers = {}, grpc, tcp, udp }: WrittenExpectation): Traffic {
  if (tcp === true) return { kind: 'tcp' };
  if (udp === true) return { kind: 'udp' };
  if (grpc !== undefined) return { kind: 'grpc', path: grpc, headers: headers as Readonly<Record<string, string>> };
  const blank = request.indexOf(' ');
  return { kind: 'http', method: request.slice(0, blank), path: request.slice(blank + 1), headers };
}
