import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { compareText, nonEmpty } from '../lib/collections.ts';
import { canonicalIp } from '../lib/ip-address.ts';
import { spiffeId } from '../model/ids.ts';
import type { PodsPrincipal, Principal, SpiffeId } from '../model/types.ts';
import type { TrafficTarget } from '../smi/types.ts';
import type { BoundIdentity, CompileState, PassContext, WorkloadFace } from './state.ts';
import { at } from './state.ts';
import { resolveSubject } from './subjects.ts';

/** Who the sources of a target are, sorted; what stands for nobody has been reported. */
export function principals(
  target: TrafficTarget,
  state: Pick<CompileState, 'accounts' | 'usedAccounts' | 'bindings'>,
  context: PassContext,
): readonly Principal[] {
  if (target.sources.length === 0) {
    const message = `TrafficTarget ${target.meta.namespace}/${target.meta.name} has no sources`;
    context.report(diagnostic('SMI4011', { message, origin: at(target, 'spec.sources') }));
  }
  const found = new Principals();
  for (const [position, source] of target.sources.entries()) {
    const path = `spec.sources[${position}]`;
    const subject = resolveSubject(target, source, path, state, context);
    if (subject === undefined) continue;
    const origin = at(target, path);
    if (subject.kind === 'account') {
      found.identity(spiffeId(context.options.trustDomain, subject.namespace, subject.name), [origin]);
      continue;
    }
    const { binding, identities } = subject.bound;
    for (const { spiffe, path: field } of identities) found.identity(spiffe, [origin, at(binding, field)]);
    for (const pods of podPrincipals(subject.bound, origin, state, context)) found.pods(pods);
  }
  return found.sorted();
}

/** Each identity once, with every field that names it. */
class Principals {
  readonly #identities = new Map<SpiffeId, Principal>();
  readonly #pods: PodsPrincipal[] = [];

  identity(spiffe: SpiffeId, origins: readonly Origin[]): void {
    const known = this.#identities.get(spiffe)?.origins ?? [];
    this.#identities.set(spiffe, { kind: 'identity', spiffe, origins: [...known, ...origins] });
  }

  pods(principal: PodsPrincipal): void {
    this.#pods.push(principal);
  }

  sorted(): readonly Principal[] {
    const order = (principal: Principal) =>
      `${principal.spiffe} ${principal.kind === 'pods' ? principal.workloads.join() : ''}`;
    return [...this.#identities.values(), ...this.#pods].sort((a, b) => compareText(order(a), order(b)));
  }
}

/** The selected pods, by account. */
function podPrincipals(
  { binding, pods }: BoundIdentity,
  source: Origin,
  state: Pick<CompileState, 'accounts'>,
  context: PassContext,
): readonly PodsPrincipal[] {
  const origins = [source, at(binding, 'spec.schemes.podLabelSelector')];
  const picked = new Set(pods.map(({ id }) => id));
  const byAccount = Map.groupBy(pods, ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
  return [...byAccount].flatMap(([account, members]): PodsPrincipal[] => {
    const spiffe = members[0]!.identity;
    const others = (state.accounts.get(account) ?? []).filter(({ id }) => !picked.has(id));
    const taken = new Set(others.flatMap(addressesOf));
    const usable = members.filter((workload) => isTellable(workload, taken, origins, context));
    const workloads = nonEmpty(usable.map(({ id }) => id).sort(compareText));
    if (workloads === undefined) return [];
    const addresses = new Set(usable.flatMap(addressesOf).filter((address) => !taken.has(address)));
    return [{ kind: 'pods', spiffe, workloads, addresses: [...addresses].sort(compareText), origins }];
  });
}

/** Whether a server can know the pod by its address; one whose address is not known yet will be. */
function isTellable(
  workload: WorkloadFace,
  taken: ReadonlySet<string>,
  [source]: readonly Origin[],
  { report }: PassContext,
): boolean {
  const addresses = addressesOf(workload);
  if (addresses.length === 0 || addresses.some((address) => !taken.has(address))) return true;
  const message = `pod ${workload.id} shares its addresses with another pod of ${workload.serviceAccount}`;
  report(diagnostic('SMI4031', { message, ...(source === undefined ? {} : { origin: source }) }));
  return false;
}

function addressesOf({ addresses }: WorkloadFace): readonly string[] {
  return addresses.flatMap((address) => canonicalIp(address) ?? []);
}
