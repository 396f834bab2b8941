import { compareText } from '../lib/collections.ts';
import { decide } from '../model/decide.ts';
import type { HttpMatch, MeshModel, Protocol, ServiceId } from '../model/types.ts';
import { type ClassLimits, defaultClassLimits, type RequestShape, requestClasses } from './classes.ts';
import { type ClientPair, pairClients } from './clients.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { clientSignatures, grantsTo, reachOf, type ServicePortRef } from './reach.ts';
import { requestOf } from './traffic.ts';

/** Who may call whom. */
export interface AccessMatrix {
  readonly clients: readonly MatrixClient[];
  readonly destinations: readonly MatrixDestination[];
  /** A row for each client, in it a cell for each destination. */
  readonly cells: readonly (readonly MatrixCell[])[];
}

export interface MatrixClient {
  /** `NAMESPACE/SERVICEACCOUNT`, or a foreign SPIFFE id. */
  readonly account: string;
  readonly namespace: string;
  /** False for an account that policy names although no pod has it. */
  readonly exists: boolean;
}

export interface MatrixDestination {
  readonly service: ServiceId;
  readonly port: number;
  readonly namespace: string;
  readonly protocol: Protocol;
}

export interface MatrixCell {
  /** Of the requests that rules tell apart: all are let in, some, none, or there is nobody who could answer any. */
  readonly access: 'all' | 'some' | 'none' | 'unavailable';
  /** Names of the TrafficTargets that let in. */
  readonly rules: readonly string[];
  /** What these let in; empty where that is anything. */
  readonly matches: readonly HttpMatch[];
  /** True where requests pass although no rule covers them. */
  readonly unmatched: boolean;
  /** Ways in which requests that are let in are spread over backends; none where each goes to the service itself. */
  readonly spreads: readonly Spread[];
  readonly allowed?: RequestShape;
  readonly refused?: RequestShape;
  /** False when a limit kept some kinds of requests from being tried. */
  readonly exhaustive: boolean;
}

export type Spread = readonly { readonly backend: string; readonly share: string }[];

/** The matrix of all service accounts and service ports of a model. */
export function accessMatrix(model: MeshModel, limits: ClassLimits = defaultClassLimits): AccessMatrix {
  const paired = pairClients(model, model);
  const destinations = Object.values(model.services).flatMap(({ id, namespace, ports }) =>
    ports.map(
      ({ port, protocol }): MatrixDestination => ({
        service: id,
        port,
        ...(protocol === 'udp' ? { udp: true } : {}),
        namespace,
        protocol,
      }),
    ),
  );
  const columns = destinations.map((destination) => columnOf(paired.after, destination, limits));
  return {
    clients: paired.clients.map(clientOf),
    destinations,
    cells: paired.clients.map((client) => columns.map((column) => column(client))),
  };
}

function clientOf({ account, after }: ClientPair): MatrixClient {
  return { account, namespace: after.workload.namespace, exists: after.exists };
}

/** The cells of one destination; clients whom no rule tells apart share one. */
function columnOf(model: MeshModel, ref: ServicePortRef, limits: ClassLimits): (client: ClientPair) => MatrixCell {
  const known = new Map<string, MatrixCell>();
  const signatureOf = clientSignatures(model, ref);
  return (client) => {
    const signature = signatureOf(client.after.workload);
    const cell = known.get(signature) ?? cellOf(model, ref, client, limits);
    known.set(signature, cell);
    return cell;
  };
}

function cellOf(model: MeshModel, ref: ServicePortRef, { after }: ClientPair, limits: ClassLimits): MatrixCell {
  const client = after.workload;
  const { shapes, exhaustive } = requestClasses([{ model, client }], ref, limits);
  const host = model.services[ref.service]?.hosts[0] ?? '';
  const tried = shapes.map((shape) => ({
    shape,
    outcome: outcomeOf(decide(model, requestOf(shape, client.id, host, ref.port))),
  }));
  const passing = tried.filter(({ outcome }) => outcome.verdict === 'allowed' || outcome.verdict === 'partly allowed');
  const allowed = passing[0]?.shape;
  const refused = tried.find(({ outcome }) => outcome.verdict !== 'allowed')?.shape;
  const rules = [...new Set(passing.flatMap(({ outcome }) => outcome.grants))].sort(compareText);
  return {
    access: accessOf(tried.map(({ outcome }) => outcome)),
    rules,
    matches: matchesOf(model, ref, after.workload, rules),
    unmatched: passing.some(({ outcome }) => outcome.unmatched),
    spreads: spreadsOf(
      passing.map(({ outcome }) => outcome),
      ref,
    ),
    ...(allowed === undefined ? {} : { allowed }),
    ...(refused === undefined ? {} : { refused }),
    exhaustive,
  };
}

function accessOf(outcomes: readonly Outcome[]): MatrixCell['access'] {
  if (outcomes.every(({ verdict }) => verdict === 'allowed')) return 'all';
  if (outcomes.some(({ verdict }) => verdict === 'allowed' || verdict === 'partly allowed')) return 'some';
  return outcomes.every(({ verdict }) => verdict === 'unavailable') ? 'unavailable' : 'none';
}

/** Empty as soon as one of the rules lets in anything. */
function matchesOf(
  model: MeshModel,
  ref: ServicePortRef,
  client: ClientPair['after']['workload'],
  rules: readonly string[],
): readonly HttpMatch[] {
  const grants = (reachOf(model, ref)?.policies ?? []).flatMap((policy) => grantsTo(policy, client));
  const given = grants.filter(({ rule }) => rules.includes(rule)).flatMap(({ to }) => to.map(({ http }) => http));
  const matches = given.filter((match) => match !== 'any');
  return matches.length < given.length ? [] : [...new Set(matches)];
}

function spreadsOf(outcomes: readonly Outcome[], { service, port }: ServicePortRef): readonly Spread[] {
  const spreads = new Map<string, Spread>();
  for (const { backends } of outcomes) {
    const spread = backends.map(({ backend, share }) => ({ backend, share }));
    if (spread.length === 1 && spread[0]?.backend === `${service}:${port}`) continue;
    spreads.set(JSON.stringify(spread), spread);
  }
  return [...spreads.values()];
}
