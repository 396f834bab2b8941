import { type NonEmpty, nonEmpty } from '../lib/collections.ts';
import { decide } from '../model/decide.ts';
import type { Decision, TrafficRequest } from '../model/decision.ts';
import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { ExampleSide, TrafficChange, UndecidedChange } from './changes.ts';
import { type ClassLimits, type RequestShape, requestClasses } from './classes.ts';
import type { Client, ClientPair, Paired } from './clients.ts';
import { type Effect, effectsOf } from './effects.ts';
import { accessOrigins, causeOf, type Outcome, outcomeOf, routeOrigins } from './outcome.ts';
import { clientSignatures, portAt, reachOf, type ServicePortRef } from './reach.ts';

/** What changes for requests to one service port, over all clients. */
export function trafficChanges(
  paired: Paired,
  ref: ServicePortRef,
  limits: ClassLimits,
): readonly (TrafficChange | UndecidedChange)[] {
  const found = new Map<string, Draft>();
  const undecided: string[] = [];
  for (const group of clientGroups(paired, ref)) {
    const [client] = group;
    const { shapes, exhaustive } = requestClasses(
      [
        { model: paired.before, client: client.before.workload },
        { model: paired.after, client: client.after.workload },
      ],
      ref,
      limits,
    );
    if (!exhaustive) undecided.push(...group.map(({ account }) => account));
    for (const shape of shapes) {
      for (const one of parted(compare(paired, client, ref, shape))) note(one, group, found);
    }
  }
  const unclear = nonEmpty([...new Set(undecided)]);
  return [
    ...[...found.values()].map((draft) => finish(draft, ref)),
    ...(unclear === undefined ? [] : [{ kind: 'undecided' as const, clients: unclear, ...ref }]),
  ];
}

/** Clients for whom something may have changed, those together who meet the same rules. */
function clientGroups(paired: Paired, ref: ServicePortRef): readonly NonEmpty<ClientPair>[] {
  const [before, after] = [reachOf(paired.before, ref), reachOf(paired.after, ref)];
  const unchanged = before?.fingerprint === after?.fingerprint;
  const asked = paired.clients.filter((pair) => !(unchanged && sameNature(pair)));
  const [signatureBefore, signatureAfter] = [clientSignatures(paired.before, ref), clientSignatures(paired.after, ref)];
  const signature = (pair: ClientPair) =>
    `${signatureBefore(pair.before.workload)}\n${signatureAfter(pair.after.workload)}`;
  return [...Map.groupBy(asked, signature).values()].flatMap((group) => {
    // Shown by a client who exists, where there is one.
    const sorted = nonEmpty([...group].sort((a, b) => presence(b) - presence(a)));
    return sorted === undefined ? [] : [sorted];
  });
}

function presence({ before, after }: ClientPair): number {
  return Number(before.exists) + Number(after.exists);
}

function sameNature({ before, after }: ClientPair): boolean {
  const { identity, transport, outbound } = before.workload;
  const now = after.workload;
  return (
    before.exists === after.exists &&
    identity === now.identity &&
    transport === now.transport &&
    JSON.stringify(outbound) === JSON.stringify(now.outbound)
  );
}

interface Comparison {
  readonly effects: readonly Effect[];
  readonly before: ExampleSide & { readonly outcome: Outcome };
  readonly after: ExampleSide & { readonly outcome: Outcome };
}

function compare(paired: Paired, client: ClientPair, ref: ServicePortRef, shape: RequestShape): Comparison {
  const host = paired.after.services[ref.service]?.hosts[0] ?? paired.before.services[ref.service]?.hosts[0] ?? '';
  const side = (model: MeshModel, { workload, exists }: Client) => {
    const request = requestOf(shape, workload.id, host, ref.port);
    const decision = decideAt(model, request, ref);
    const origins = { access: accessOrigins(decision), route: routeOrigins(decision) };
    return { request, senderExists: exists, decision, origins, outcome: outcomeOf(decision) };
  };
  const before = side(paired.before, client.before);
  const after = side(paired.after, client.after);
  return { effects: effectsOf(before.outcome, after.outcome), before, after };
}

/** The name of a Service that a model does not have yet, or no more, is not the name of a host outside the mesh. */
function decideAt(model: MeshModel, request: TrafficRequest, ref: ServicePortRef): Decision {
  const decision = decide(model, request);
  if (decision.outcome !== 'outside' || portAt(model, ref) !== undefined) return decision;
  return { outcome: 'rejected', status: 404, because: { text: `there is no Service ${ref.service}` }, targets: [] };
}

/** Shares do not decide who is let in: where they move, that is told for itself. */
function parted(comparison: Comparison): readonly Comparison[] {
  const others = comparison.effects.filter((effect) => effect !== 'shares');
  if (others.length === 0 || others.length === comparison.effects.length) return [comparison];
  return [
    { ...comparison, effects: others },
    { ...comparison, effects: ['shares'] },
  ];
}

/** A request of this shape, to a service by the name `host`. */
export function requestOf(shape: RequestShape, from: WorkloadId, host: string, port: number): TrafficRequest {
  return { ...shape, from, to: { host, port } };
}

interface Draft {
  comparison: Comparison;
  client: string;
  readonly clients: Set<string>;
  classes: number;
}

function note(comparison: Comparison, group: NonEmpty<ClientPair>, found: Map<string, Draft>): void {
  if (comparison.effects.length === 0) return;
  const key = likeness(comparison);
  const client = group[0].account;
  const draft = found.get(key) ?? { comparison, client, clients: new Set(), classes: 0 };
  for (const { account } of group) draft.clients.add(account);
  draft.classes += 1;
  if (tellsMore(comparison, draft.comparison)) Object.assign(draft, { comparison, client });
  found.set(key, draft);
}

/** Equal for changes that are reported as one. Where only routing or policies change it does not matter who is let in. */
function likeness({ effects, before, after }: Comparison): string {
  const routing = ({ outcome }: Comparison['before']) => outcome.backends.map(({ backend, share }) => [backend, share]);
  if (effects.every((effect) => effect === 'route' || effect === 'shares')) {
    return JSON.stringify([effects, routing(before), routing(after)]);
  }
  if (effects.every((effect) => effect === 'policy')) {
    return JSON.stringify([effects, before.outcome.policies, after.outcome.policies]);
  }
  const causes = [causeOf(before.decision), causeOf(after.decision)];
  return JSON.stringify([effects, before.outcome, after.outcome, causes]);
}

/** A request that is let in shows a change of routing better than one that is refused. */
function tellsMore(candidate: Comparison, shown: Comparison): boolean {
  const allowed = (outcome: Outcome) => Number(outcome.verdict === 'allowed');
  const passes = ({ before, after }: Comparison) => allowed(before.outcome) + allowed(after.outcome);
  return passes(candidate) > passes(shown);
}

function finish({ comparison, client, clients, classes }: Draft, ref: ServicePortRef): TrafficChange {
  const { effects, before, after } = comparison;
  const { outcome: outcomeBefore, ...exampleBefore } = before;
  const { outcome: outcomeAfter, ...exampleAfter } = after;
  return {
    kind: 'traffic',
    effects: effects as NonEmpty<Effect>,
    clients: [...clients] as readonly string[] as NonEmpty<string>,
    ...ref,
    classes,
    example: { client, before: exampleBefore, after: exampleAfter },
    before: outcomeBefore,
    after: outcomeAfter,
  };
}
