import { meshConfigKey } from '../../config/decode.ts';
import { parseObjectKey } from '../../diagnostics/origin.ts';
import { kubernetesKinds } from '../../kubernetes/decode.ts';
import type { WantedKind } from '../../kubernetes-client/list.ts';
import { policyGroup, policyKind, policyVersion } from '../../policy/versions.ts';
import { kindsOf, smiGroups, versionsOf } from '../../smi/versions.ts';

/** In a cluster this group is as a rule no store of objects but an API that answers by asking every proxy. */
const queryGroup = 'metrics.smi-spec.io';

/** What a command reads of a cluster: the kinds that decide where requests go and who may send them. */
export function wantedKinds(): readonly WantedKind[] {
  // Nodes say no more than where pods run, and few who may read the rest may list them; EndpointSlices know the zones.
  return [...coreKinds().filter(({ kind }) => kind !== 'Node'), ...customKinds()];
}

export interface FollowedKind extends WantedKind {
  /** Nothing but `metadata` decides. */
  readonly metadataOnly: boolean;
  /** People write its objects; those of the other kinds follow from them, and change all the time. */
  readonly written: boolean;
  /** Defined by a CustomResourceDefinition, which may not be there. */
  readonly custom: boolean;
}

const ownersOfPods = ['apps', 'batch'];
const metadataKinds = ['Namespace', 'Node', 'ServiceAccount'];
const machineKinds = ['Pod', 'EndpointSlice', 'Node'];

/** What a controller follows. Where there are pods, what they were made from says nothing new. */
export function followedKinds(): readonly FollowedKind[] {
  const core = coreKinds().filter(({ group }) => !ownersOfPods.includes(group));
  return [
    ...core.map((kind) => ({
      ...kind,
      metadataOnly: metadataKinds.includes(kind.kind),
      written: !machineKinds.includes(kind.kind),
      custom: false,
    })),
    ...customKinds().map((kind) => ({ ...kind, metadataOnly: false, written: true, custom: true })),
  ];
}

function coreKinds(): readonly WantedKind[] {
  return kubernetesKinds().map(({ group, kind, version }) => ({
    group: group === 'core' ? '' : group,
    kind,
    versions: [version],
  }));
}

/** The newest version of a kind is the one that is stored. */
function customKinds(): readonly WantedKind[] {
  const smi = smiGroups()
    .filter((group) => group !== queryGroup)
    .flatMap((group) =>
      kindsOf(group).map((kind) => ({ group, kind, versions: versionsOf(group, kind)?.served ?? [] })),
    );
  const { group, kind } = parseObjectKey(meshConfigKey);
  return [
    ...smi,
    { group, kind, versions: ['v1alpha1'] },
    { group: policyGroup, kind: policyKind, versions: [policyVersion] },
  ];
}
