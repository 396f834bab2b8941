import { canonicalIp } from '../lib/ip-address.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { spiffeId } from '../model/ids.ts';
import { standInWorkload } from '../model/stand-in.ts';
import type { MeshModel, SpiffeId, Workload } from '../model/types.ts';
import { didYouMean, type Party, parsePartyName, partiesNamed, party, partyNames, partyText } from './parties.ts';

export interface Client {
  /** The model that has the client; another one than was given where a pod had to be assumed. */
  readonly model: MeshModel;
  readonly workload: Workload;
  /** What the name could also have meant, and what was assumed; sentences without their full stop. */
  readonly notes: readonly string[];
}

/**
 * The pod that a person means by the name of a pod, its owner, a service account or a Service, by a SPIFFE id, an IP
 * address or a host. For an identity that no pod has yet, one is assumed. The error is a sentence.
 */
export function findClient(model: MeshModel, text: string): Result<Client, string> {
  const parties = partiesOf(model, text);
  const [chosen, ...others] = parties;
  if (chosen === undefined) return assumed(model, text);
  const [workload] = chosen.workloads;
  return ok({ model, workload, notes: [...divided(chosen), ...ambiguous(text, chosen, others)] });
}

/** The same for a pod that must be there. */
export function findWorkload(model: MeshModel, text: string): Result<Workload, string> {
  const [chosen] = partiesOf(model, text);
  return chosen === undefined ? err(unknown(model, text)) : ok(chosen.workloads[0]);
}

/** Everything that a text can mean as one end of a request, the most likely first. */
export function partiesOf(model: MeshModel, text: string, home?: string): readonly Party[] {
  const workloads = Object.values(model.workloads);
  if (text.startsWith('spiffe://')) {
    const same = workloads.filter(({ identity }) => identity === text);
    const [first] = same;
    return first === undefined ? [] : party('ServiceAccount', `${first.namespace}/${first.serviceAccount}`, same);
  }
  const name = parsePartyName(text);
  const named = name === undefined ? [] : partiesNamed(model, name, home);
  return named.length > 0 ? named : addressed(model, text);
}

/** Pods by their address, Services by their virtual address or a host name. */
function addressed(model: MeshModel, text: string): readonly Party[] {
  const address = canonicalIp(text.replace(/^\[(.*)\]$/, '$1'));
  const pods = Object.values(model.workloads).filter((workload) => {
    return address !== undefined && workload.addresses.some((one) => canonicalIp(one) === address);
  });
  const [pod] = pods;
  if (pod !== undefined) return party('Pod', pod.id, [pod]);
  const host = text.toLowerCase();
  const service = Object.values(model.services).find(({ hosts, vips }) => {
    return hosts.includes(host) || (address !== undefined && vips.some((vip) => canonicalIp(vip) === address));
  });
  if (service === undefined) return [];
  const targets = new Set(service.ports.flatMap((port) => port.targets.map(({ workload }) => workload)));
  const workloads = [...targets].flatMap((id) => model.workloads[id] ?? []);
  return party('Service', service.id, workloads);
}

/** What the chosen party leaves open: its pods are not all of one account. */
function divided({ kind, id, workloads }: Party): readonly string[] {
  const sets = [...new Set(workloads.map(({ set }) => set))];
  if (sets.length < 2) return [];
  return [
    `${kind} ${id} has pods that differ in what they may do (${sets.join(', ')}); this is about ${workloads[0].id}`,
  ];
}

function ambiguous(text: string, chosen: Party, others: readonly Party[]): readonly string[] {
  const [{ set }] = chosen.workloads;
  const differing = others.filter(({ workloads }) => workloads.some((workload) => workload.set !== set));
  if (differing.length === 0) return [];
  const list = differing.map((each) => `${each.kind} ${each.id} (write ${partyText(each)})`).join(', ');
  return [`"${text}" is taken for ${chosen.kind} ${chosen.id}; it is also the name of ${list}`];
}

const accountId = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/;

/** A pod of an account that no pod runs as, when the id spells one, or a grant names one so called. */
function assumed(model: MeshModel, text: string): Result<Client, string> {
  const identity = text.startsWith('spiffe://') ? text : grantedIdentity(model, text);
  const [, domain, namespace = '', account = ''] = accountId.exec(identity ?? '') ?? [];
  if (domain !== model.trustDomain) return err(unknown(model, text));
  const own = spiffeId(model.trustDomain, namespace, account);
  const workload = standInWorkload(own, namespace, account, `${account}-assumed`);
  const notes = [`no pod runs as ServiceAccount ${namespace}/${account}: one with a sidecar is assumed`];
  return ok({ model: { ...model, workloads: { ...model.workloads, [workload.id]: workload } }, workload, notes });
}

function grantedIdentity(model: MeshModel, text: string): SpiffeId | undefined {
  const name = parsePartyName(text);
  if (name === undefined || (name.kind ?? 'ServiceAccount') !== 'ServiceAccount') return undefined;
  const tail = `/ns/${name.namespace ?? 'default'}/sa/${name.name}`;
  const grants = Object.values(model.inbound).flatMap((policy) => policy.grants);
  return grants.flatMap(({ from }) => from).find(({ spiffe }) => spiffe.endsWith(tail))?.spiffe;
}

function unknown(model: MeshModel, text: string): string {
  const what = text.startsWith('spiffe://')
    ? `no pod has the identity "${text}"`
    : `no pod, Deployment, ServiceAccount or Service with pods is named "${text}"`;
  return `${what}${didYouMean(text, partyNames(model, text.includes('/')))}`;
}
