import type { FieldInForce } from '../model/policy-fields.ts';
import type { AccessMode } from '../model/types.ts';
import type { Sent } from './backends.ts';
import type { Backend, PolicyInForce } from './explanation.ts';
import { describeFields } from './policy-text.ts';

const accessTexts = {
  deny: 'what no TrafficTarget covers is refused',
  audit: 'what no TrafficTarget covers is counted and let through',
  allow: 'everything is let in, whatever TrafficTargets say',
} as const satisfies Record<AccessMode, string>;

/** What else decides about the request: settings, fields of TrafficPolicies, and what the data plane does without them. */
export function policiesInForce(
  { model, request }: Sent,
  backends: readonly Backend[],
  fields: readonly FieldInForce[],
): readonly PolicyInForce[] {
  if (backends.length === 0) return [];
  const { accessMode } = model.settings;
  const plain = backends.flatMap(({ servers }) => servers.filter(({ transport }) => transport === 'plain'));
  const some = plain.flatMap(({ workloads }) => workloads).join(', ');
  const outside = backends.flatMap((backend) => backend.outside ?? []).join(', ');
  const transport =
    outside !== ''
      ? `plain text to ${outside}, which is outside the mesh`
      : plain.length === 0
        ? 'mutual TLS between the sidecars, each side proves its SPIFFE id'
        : `mutual TLS, but plain text to ${some}, which has no sidecar`;
  const access: readonly PolicyInForce[] = [
    { policy: 'access', text: `${accessMode}: ${accessTexts[accessMode]}` },
    { policy: 'transport', text: transport },
  ];
  if (request.kind !== 'http') return access;
  const stated = describeFields(fields);
  const silent = httpDefaults.filter(({ policy }) => !stated.some((field) => field.policy === policy));
  return [...access, ...stated, ...silent];
}

const httpDefaults: readonly PolicyInForce[] = [
  {
    policy: 'retries',
    text: "the data plane's own: at most a few, of what certainly or harmlessly was not done",
  },
  { policy: 'timeouts', text: "none for the whole request; the data plane's limit on silence applies" },
];
