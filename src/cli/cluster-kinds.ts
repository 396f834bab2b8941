import { meshConfigKey } from '../config/decode.ts';
import { parseObjectKey } from '../diagnostics/origin.ts';
import { kubernetesKinds } from '../kubernetes/decode.ts';
import type { WantedKind } from '../kubernetes-client/list.ts';
import { policyGroup, policyKind, policyVersion } from '../policy/versions.ts';
import { kindsOf, smiGroups, versionsOf } from '../smi/versions.ts';

/** In a cluster this group is as a rule no store of objects but an API that answers by asking every proxy. */
const queryGroup = 'metrics.smi-spec.io';

/** What is read of a cluster: the kinds that decide where requests go and who may send them. */
export function wantedKinds(): readonly WantedKind[] {
  // Nodes say no more than where pods run, and few who may read the rest may list them; EndpointSlices know the zones.
  const core = kubernetesKinds()
    .filter(({ kind }) => kind !== 'Node')
    .map(({ group, kind, version }) => ({
      group: group === 'core' ? '' : group,
      kind,
      versions: [version],
    }));
  const smi = smiGroups()
    .filter((group) => group !== queryGroup)
    .flatMap((group) =>
      kindsOf(group).map((kind) => ({ group, kind, versions: versionsOf(group, kind)?.served ?? [] })),
    );
  const { group, kind } = parseObjectKey(meshConfigKey);
  const policies = { group: policyGroup, kind: policyKind, versions: [policyVersion] };
  return [...core, ...smi, { group, kind, versions: ['v1alpha1'] }, policies];
}
