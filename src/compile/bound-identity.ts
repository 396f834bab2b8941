import { diagnostic } from '../diagnostics/diagnostic.ts';
import { parseSpiffeId, type SpiffeId, spiffeId, trustDomainOf } from '../lib/spiffe.ts';
import { workloadSetId } from '../model/ids.ts';
import type { IdentityBinding } from '../smi/types.ts';
import type { BoundId, BoundIdentity, PassContext, WorkloadFace } from './state.ts';
import { at } from './state.ts';

/** Resolves a binding among the workloads of its own namespace. What speaks for anybody else is reported and left out. */
export function boundIdentity(
  binding: IdentityBinding,
  select: (labels: Readonly<Record<string, string>>) => readonly WorkloadFace[],
  context: PassContext,
): BoundIdentity {
  const { namespace } = binding.meta;
  const { podLabelSelector, spiffeIdentities = [], serviceAccount } = binding.schemes;
  const identities = spiffeIdentities.flatMap((id, position) => {
    const path = `spec.schemes.spiffeIdentities[${position}]`;
    return listedId(binding, id as SpiffeId, path, context) ?? [];
  });
  if (serviceAccount !== undefined) {
    identities.push({
      spiffe: spiffeId(context.options.trustDomain, namespace, serviceAccount),
      account: workloadSetId(namespace, serviceAccount),
      path: 'spec.schemes.serviceAccount',
    });
  }
  const pods = podLabelSelector === undefined ? [] : select(podLabelSelector);
  if (podLabelSelector !== undefined && pods.length === 0) {
    const message = `IdentityBinding ${namespace}/${binding.meta.name} selects no pod`;
    context.report(diagnostic('SMI3013', { message, origin: at(binding, 'spec.schemes.podLabelSelector') }));
  }
  return { binding, identities, pods };
}

function listedId(
  binding: IdentityBinding,
  spiffe: SpiffeId,
  path: string,
  { options, report, setting }: PassContext,
): BoundId | undefined {
  const origin = at(binding, path);
  if (!spiffe.startsWith(`spiffe://${options.trustDomain}/`)) {
    const known = setting('trustDomains')?.[trustDomainOf(spiffe) ?? ''] !== undefined;
    if (known) return { spiffe, path };
    report(
      diagnostic('SMI4032', { message: `${spiffe} is of another trust domain than ${options.trustDomain}`, origin }),
    );
    return { spiffe, path };
  }
  const parsed = parseSpiffeId(spiffe);
  if (parsed?.namespace !== binding.meta.namespace) {
    const message = `${spiffe} is no service account of namespace ${binding.meta.namespace}`;
    report(diagnostic('SMI4030', { message, origin }));
    return undefined;
  }
  return { spiffe, account: workloadSetId(parsed.namespace, parsed.account), path };
}
