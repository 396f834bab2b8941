import type { Grant__Output } from '../../../../generated/types/proxy/smi/proxy/v1/Grant.ts';
import type { HttpMatch__Output } from '../../../../generated/types/proxy/smi/proxy/v1/HttpMatch.ts';
import type { InboundPolicy__Output } from '../../../../generated/types/proxy/smi/proxy/v1/InboundPolicy.ts';
import type { OutboundService__Output } from '../../../../generated/types/proxy/smi/proxy/v1/OutboundService.ts';
import type { Rule__Output } from '../../../../generated/types/proxy/smi/proxy/v1/Rule.ts';
import type { DiagnosticCode } from '../../../diagnostics/catalogue.ts';
import type { ObjectKey, Origin } from '../../../diagnostics/origin.ts';
import { nonEmpty } from '../../../lib/collections.ts';
import { parsePortKey } from '../../../model/ports.ts';
import type {
  Distribution,
  Grant,
  GrantTarget,
  HttpMatch,
  InboundPolicy,
  OutboundRule,
  PathMatch,
  Principal,
  ServiceId,
  SpiffeId,
  WorkloadSetId,
} from '../../../model/types.ts';

/** The rules of a service port as a proxy has them, in the model's words. */
export function rulesOf({ rules }: OutboundService__Output): readonly OutboundRule[] {
  return rules.map((rule): OutboundRule => {
    const origins = originsOf(rule.origins);
    return { from: 'any', match: matchOf(rule.match, origins), to: distributionOf(rule, origins), origins };
  });
}

function distributionOf({ weighted, fail }: Rule__Output, origins: readonly Origin[]): Distribution {
  const targets = nonEmpty(
    (weighted?.targets ?? []).map(({ endpoints, weight }) => {
      const colon = endpoints.lastIndexOf(':');
      const service = endpoints.slice(0, colon) as ServiceId;
      return { service, port: parsePortKey(endpoints.slice(colon + 1)).port, weight, origins };
    }),
  );
  return targets === undefined
    ? { kind: 'fail', because: (fail?.code ?? '') as DiagnosticCode }
    : { kind: 'weighted', targets };
}

/**
 * A policy as a proxy has it. Pods that it knows by their addresses are those that `meant`, the policy of the manifests,
 * names in the same grant: manifests seldom say addresses.
 */
export function policyOf(message: InboundPolicy__Output, meant: InboundPolicy | undefined): InboundPolicy {
  const modes = { DENY: 'deny', AUDIT: 'audit', ALLOW: 'allow' } as const;
  const grants = message.grants.flatMap((grant) => {
    return grantOf(
      grant,
      meant?.grants.find(({ rule }) => rule === grant.rule),
    );
  });
  return { set: message.name as WorkloadSetId, mode: modes[message.mode], grants };
}

function grantOf(message: Grant__Output, meant: Grant | undefined): readonly Grant[] {
  const origins = originsOf(message.origins);
  const identities = message.identities.map((spiffe): Principal => {
    const written = meant?.from.find((principal) => principal.kind === 'identity' && principal.spiffe === spiffe);
    return { kind: 'identity', spiffe: spiffe as SpiffeId, origins: written?.origins ?? origins };
  });
  const pods = message.pods.flatMap(({ identity }) => {
    return meant?.from.filter((principal) => principal.kind === 'pods' && principal.spiffe === identity) ?? [];
  });
  const from = nonEmpty([...identities, ...pods]);
  const to = nonEmpty(
    message.to.map((target): GrantTarget => {
      const ports = target.anyPort ? 'any' : (nonEmpty(target.ports) ?? 'any');
      const http = target.anyHttp ? 'any' : matchOf(target.http, origins);
      return { transport: target.transport === 'UDP' ? 'udp' : 'tcp', ports, http, origins };
    }),
  );
  return from === undefined || to === undefined ? [] : [{ rule: message.rule, from, to, origins }];
}

function matchOf(match: HttpMatch__Output | null, origins: readonly Origin[]): HttpMatch | 'any' {
  if (match === null) return 'any';
  return {
    methods: nonEmpty(match.methods) ?? 'any',
    path: pathOf(match),
    headers: nonEmpty(match.headers.map(({ name, regex }) => ({ name, re2: regex }))) ?? 'any',
    origins,
  };
}

function pathOf({ path }: HttpMatch__Output): 'any' | PathMatch {
  if (path?.exact !== undefined) return { kind: 'exact', value: path.exact };
  if (path?.prefix !== undefined) return { kind: 'prefix', value: path.prefix };
  return path?.regex === undefined ? 'any' : { kind: 'regex', re2: path.regex };
}

function originsOf(origins: readonly { readonly object: string; readonly path: string }[]): readonly Origin[] {
  return origins.map(({ object, path }) => ({ object: object as ObjectKey, path }));
}
