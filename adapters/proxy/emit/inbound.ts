import type { Grant } from '../../../generated/types/proxy/smi/proxy/v1/Grant.ts';
import type { GrantTarget as GrantTargetMessage } from '../../../generated/types/proxy/smi/proxy/v1/GrantTarget.ts';
import type { InboundPolicy } from '../../../generated/types/proxy/smi/proxy/v1/InboundPolicy.ts';
import type { Artifact } from '../../../src/adapter/contract.ts';
import { shared } from '../../../src/adapter/tracking.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import { ownersByIdentity } from '../../../src/model/owners.ts';
import type {
  AccessMode,
  GrantTarget,
  MeshModel,
  Grant as ModelGrant,
  Principal,
  WorkloadSetId,
} from '../../../src/model/types.ts';
import { typeUrls } from '../names.ts';
import { emitMatch, emitOrigins } from './match.ts';
import { emitServerLayer } from './server-policy.ts';

const modes = { deny: 'DENY', audit: 'AUDIT', allow: 'ALLOW' } as const satisfies Record<AccessMode, string>;

/** Who may do what at a set of workloads. */
export function emitInbound(model: MeshModel, set: WorkloadSetId): readonly Artifact[] {
  const policy = model.inbound[set];
  if (policy === undefined) return [];
  const body: InboundPolicy = {
    name: set,
    mode: modes[policy.mode],
    grants: policy.grants.map((grant) => ({
      rule: grant.rule,
      identities: grant.from.flatMap((principal) => (principal.kind === 'identity' ? [principal.spiffe] : [])),
      to: grant.to.map(emitTarget),
      origins: emitOrigins(grant.origins),
      ...pods(grant.from),
    })),
    ...(policy.policies === undefined ? {} : { policies: policy.policies.map(emitServerLayer) }),
    ...peerOwners(model, policy.grants),
  };
  const origins = originsWithin(policy);
  return [{ name: set, format: typeUrls.inbound, body, origins }];
}

function peerOwners(model: MeshModel, grants: readonly ModelGrant[]): Pick<InboundPolicy, 'owners'> {
  const known = shared(model, 'owners by identity', ownersByIdentity);
  const identities = [...new Set(grants.flatMap(({ from }) => from.map(({ spiffe }) => spiffe)))];
  const owners = identities.flatMap((identity) => {
    const owner = known[identity];
    return owner === undefined ? [] : [{ identity, owner }];
  });
  return owners.length === 0 ? {} : { owners };
}

function pods(from: readonly Principal[]): Pick<Grant, 'pods'> {
  const selected = from.flatMap((principal) =>
    principal.kind === 'pods' ? [{ identity: principal.spiffe, addresses: [...principal.addresses] }] : [],
  );
  return selected.length === 0 ? {} : { pods: selected };
}

function emitTarget({ transport, ports, http }: GrantTarget): GrantTargetMessage {
  return {
    transport: transport === 'tcp' ? 'TCP' : 'UDP',
    ...(ports === 'any' ? { anyPort: true } : { ports: [...ports] }),
    ...(http === 'any' ? { anyHttp: true } : { http: emitMatch(http) }),
  };
}
