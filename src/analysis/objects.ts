import type { Origin } from '../diagnostics/origin.ts';
import { compareText } from '../lib/collections.ts';
import { sha256 } from '../lib/hash.ts';
import { canonicalJson } from '../model/canonical.ts';
import { portKey, transportOf } from '../model/ports.ts';
import type { Grant, MeshModel, TracingSettings } from '../model/types.ts';
import type { ObjectChange, SettingChange } from './changes.ts';
import { accountOf, ownerOf } from './reach.ts';

/** Services, ports, workloads and policies that came, went, or are written differently. */
export function objectChanges(before: MeshModel, after: MeshModel): readonly ObjectChange[] {
  return [
    ...compared('service', servicesOf(before), servicesOf(after)),
    ...compared('port', portsOf(before, after), portsOf(after, before)),
    ...compared('workload', workloadsOf(before), workloadsOf(after)),
    ...compared('policy', policiesOf(before), policiesOf(after)),
  ];
}

export function settingChanges(before: MeshModel, after: MeshModel): readonly SettingChange[] {
  const settings = ({ trustDomain, settings: { trustDomains, tracing, ...plain } }: MeshModel) => ({
    trustDomain,
    ...plain,
    ...(trustDomains === undefined ? {} : { trustDomains: describeDomains(trustDomains) }),
    ...(tracing === undefined ? {} : { tracing: describeTracing(tracing) }),
  });
  const [old, now] = [settings(before), settings(after)];
  const names = Object.keys({ ...old, ...now }) as (keyof typeof now)[];
  const text = (value: string | undefined) => value ?? 'not set';
  return names
    .filter((setting) => text(old[setting]) !== text(now[setting]))
    .map((setting) => ({ kind: 'setting', setting, before: text(old[setting]), after: text(now[setting]) }));
}

type TrustDomains = NonNullable<MeshModel['settings']['trustDomains']>;

/** Their names, and enough of a hash of their roots to tell other ones apart. */
function describeDomains(domains: TrustDomains): string {
  return Object.entries(domains)
    .map(([name, { bundle }]) => `${name} (roots ${sha256(bundle).slice(0, 12)})`)
    .join(', ');
}

function describeTracing({ collector, protocol, sampling, keepErrors, keepSlowMillis, propagation }: TracingSettings) {
  const kept = [
    `${sampling} %`,
    ...(keepErrors ? ['errors'] : []),
    ...(keepSlowMillis === undefined ? [] : [`from ${keepSlowMillis} ms on`]),
  ];
  return `${collector.address}:${collector.port} (${protocol}): ${kept.join(', ')}; ${propagation.join(', ')}`;
}

/** What is compared: equal texts mean equal things. */
interface Described {
  readonly text: string;
  /** Of a policy: what it gives for datagrams. */
  readonly udp?: string;
  readonly origins: readonly Origin[];
}

type DescribedById = ReadonlyMap<string, Described>;

function compared(what: ObjectChange['what'], before: DescribedById, after: DescribedById): readonly ObjectChange[] {
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return ids.flatMap((id): ObjectChange[] => {
    const [old, now] = [before.get(id), after.get(id)];
    if (old?.text === now?.text) return [];
    const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
    const mayWiden = now?.udp !== undefined && now.udp !== '' && now.udp !== old?.udp;
    return [{ kind: 'object', what, change, id, mayWiden, before: old?.origins ?? [], after: now?.origins ?? [] }];
  });
}

function servicesOf({ services }: MeshModel): DescribedById {
  return new Map(
    Object.values(services).map(({ id, kind, externalName, hosts, vips, origins }) => [
      id,
      { text: canonicalJson({ kind, externalName, hosts, vips }), origins },
    ]),
  );
}

/** Those of services that the other model has too: a service that came or went says enough. */
function portsOf({ services }: MeshModel, other: MeshModel): DescribedById {
  const kept = Object.values(services).filter(({ id }) => other.services[id] !== undefined);
  return new Map(
    kept.flatMap(({ id, ports, origins }) =>
      ports.map(({ port, protocol }): [string, Described] => [
        `${id}:${portKey(port, transportOf(protocol))}`,
        { text: protocol, origins },
      ]),
    ),
  );
}

/** By what owns the pods, since names of pods come and go. */
function workloadsOf({ workloads }: MeshModel): DescribedById {
  const groups = Map.groupBy(Object.values(workloads), ownerOf);
  return new Map(
    [...groups].map(([id, members]) => {
      const traits = members.map(({ identity, transport, ready }) => `${identity} ${transport} ${ready}`);
      return [id, { text: [...new Set(traits)].sort().join(), origins: members[0]?.origins ?? [] }];
    }),
  );
}

/** By TrafficTarget. */
function policiesOf({ inbound }: MeshModel): DescribedById {
  const grants = Object.values(inbound).flatMap((policy) =>
    policy.grants.map((grant) => ({ grant, set: accountOf(policy.set) })),
  );
  return new Map(
    [...Map.groupBy(grants, ({ grant }) => grant.rule)].map(([rule, found]) => {
      const texts = found.map(({ grant, set }) => canonicalJson([set, essence(grant)]));
      const udp = found.flatMap(({ grant, set }) => datagrams(grant).map((given) => canonicalJson([set, given])));
      const origins = found[0]?.grant.origins ?? [];
      return [rule, { text: [...new Set(texts)].sort().join(), udp: [...new Set(udp)].sort().join(), origins }];
    }),
  );
}

function essence({ from, to }: Grant): unknown {
  return { from, to: [...to.map((target) => canonicalJson(target))].sort() };
}

function datagrams({ from, to }: Grant): readonly unknown[] {
  return to.flatMap(({ transport, ports }) => (transport === 'udp' ? [{ from, ports }] : []));
}
