import type { OutboundService } from '../../../generated/types/proxy/smi/proxy/v1/OutboundService.ts';
import type { Rule } from '../../../generated/types/proxy/smi/proxy/v1/Rule.ts';
import type { Artifact } from '../../../src/adapter/contract.ts';
import { shared } from '../../../src/adapter/tracking.ts';
import { parseObjectKey } from '../../../src/diagnostics/origin.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import { allRequestLayers } from '../../../src/model/policy-fields.ts';
import { portKey, type Transport } from '../../../src/model/ports.ts';
import type { Distribution, MeshModel, OutboundRule } from '../../../src/model/types.ts';
import { parsePortName, portName, protocols, typeUrls } from '../names.ts';
import { emitMatch, emitOrigins } from './match.ts';
import { emitRequestLayer } from './request-policy.ts';

/** A service port as clients see it: its names and the ordered rules. */
export function emitService(model: MeshModel, name: string): readonly Artifact[] {
  const { service: id, port, transport } = parsePortName(name);
  const service = model.services[id];
  const policy = model.outbound[id]?.ports[portKey(port, transport)];
  if (service === undefined || policy === undefined) return [];
  const { rules } = policy;
  const body: OutboundService = {
    name,
    protocol: protocols[policy.protocol],
    port,
    hosts: [...service.hosts, ...service.vips],
    shortName: service.name,
    namespace: service.namespace,
    rules: rules.map((rule) => emitRule(rule, name, transport)),
    ...(policy.policies === undefined ? {} : { policies: policy.policies.map(emitRequestLayer) }),
    ...(service.selectorless === true ? { selectorless: true } : {}),
  };
  const origins = [...service.origins, ...originsWithin(rules, policy.policies)];
  return [{ name, format: typeUrls.service, body, origins }];
}

/** Names of the endpoints that the rules and mirrors of a service port lead to, each once; they change less often than rules. */
export function referencedEndpoints(model: MeshModel, name: string): readonly string[] {
  return shared(model, `endpoints behind ${name}`, (whole) => {
    const { service, port, transport } = parsePortName(name);
    const policy = whole.outbound[service]?.ports[portKey(port, transport)];
    if (policy === undefined) return [];
    const routed = policy.rules.flatMap(({ to }) => targetsOf(to, name, transport));
    const mirrored = allRequestLayers(policy).flatMap(({ fields: { mirror } }) =>
      mirror === undefined ? [] : [portName(mirror.service, mirror.port)],
    );
    return [...new Set([...routed, ...mirrored])];
  });
}

function targetsOf(to: Distribution, self: string, transport: Transport): readonly string[] {
  if (to.kind === 'self') return [self];
  return to.kind === 'weighted' ? to.targets.map(({ service, port }) => portName(service, port, transport)) : [];
}

function emitRule(rule: OutboundRule, self: string, transport: Transport): Rule {
  return {
    ...(rule.match === 'any' ? {} : { match: emitMatch(rule.match) }),
    ...emitTarget(rule, self, transport),
    origins: emitOrigins(rule.origins),
    split: splitOf(rule),
    ...(rule.from === 'any' ? {} : { from: [...rule.from] }),
    ...(rule.policy === undefined ? {} : { policy: emitRequestLayer(rule.policy) }),
  };
}

function emitTarget({ to }: OutboundRule, self: string, transport: Transport): Pick<Rule, 'weighted' | 'fail'> {
  switch (to.kind) {
    case 'self':
      return { weighted: { targets: [{ endpoints: self, weight: 1 }] } };
    case 'weighted':
      return {
        weighted: {
          targets: to.targets.map(({ service, port, weight }) => ({
            endpoints: portName(service, port, transport),
            weight,
          })),
        },
      };
    case 'fail':
      return { fail: { code: to.because, ...(to.status === undefined ? {} : { status: to.status }) } };
  }
}

/** The object that governs the rule, `NAMESPACE/NAME`; empty for the service's own endpoints. */
function splitOf({ origins }: OutboundRule): string {
  const [first] = origins;
  if (first === undefined) return '';
  const { namespace, name } = parseObjectKey(first.object);
  return `${namespace}/${name}`;
}
