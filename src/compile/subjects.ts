import { diagnostic } from '../diagnostics/diagnostic.ts';
import { workloadSetId } from '../model/ids.ts';
import type { Subject, TrafficTarget } from '../smi/types.ts';
import { reportMissing } from './missing.ts';
import type { BoundIdentity, CompileState, PassContext } from './state.ts';
import { at } from './state.ts';

/** What a subject of a TrafficTarget names. */
export type ResolvedSubject =
  | { readonly kind: 'account'; readonly namespace: string; readonly name: string; readonly id: string }
  | { readonly kind: 'binding'; readonly bound: BoundIdentity };

/**
 * The account or binding behind a subject; nothing, with a finding, for one that stands for nobody. An account that nobody
 * has is reported and stays: nobody can use it.
 */
export function resolveSubject(
  target: TrafficTarget,
  subject: Subject,
  path: string,
  state: Pick<CompileState, 'accounts' | 'usedAccounts' | 'bindings'>,
  context: PassContext,
): ResolvedSubject | undefined {
  const namespace = subject.namespace ?? target.meta.namespace;
  const { name } = subject;
  switch (subject.kind) {
    case 'ServiceAccount': {
      const id = workloadSetId(namespace, name);
      checkAccount(target, id, namespace, name, path, state, context);
      return { kind: 'account', namespace, name, id };
    }
    case 'IdentityBinding': {
      const bound = state.bindings.get(`${namespace}/${name}`);
      if (bound !== undefined) return { kind: 'binding', bound };
      const reference = { group: 'access.smi-spec.io', kind: subject.kind, namespace, name };
      const origin = at(target, `${path}.name`);
      reportMissing(
        { code: 'SMI3012', ...reference, origin, known: context.names.identityBindings.get(namespace) ?? [] },
        context,
      );
      return undefined;
    }
    default: {
      const message = `a subject is a ServiceAccount or an IdentityBinding, not a "${subject.kind}"`;
      context.report(diagnostic('SMI4012', { message, origin: at(target, `${path}.kind`) }));
      return undefined;
    }
  }
}

function checkAccount(
  target: TrafficTarget,
  id: string,
  namespace: string,
  name: string,
  path: string,
  { accounts, usedAccounts }: Pick<CompileState, 'accounts' | 'usedAccounts'>,
  context: PassContext,
): void {
  if (context.input.serviceAccounts.has(id) || name === 'default') return;
  const origin = at(target, `${path}.name`);
  if (accounts.has(id)) {
    context.report(diagnostic('SMI3008', { message: `ServiceAccount ${id} is used by pods but not declared`, origin }));
    return;
  }
  const known = [...(context.names.serviceAccounts.get(namespace) ?? []), ...(usedAccounts.get(namespace) ?? [])];
  reportMissing({ code: 'SMI3007', group: '', kind: 'ServiceAccount', namespace, name, origin, known }, context);
}
