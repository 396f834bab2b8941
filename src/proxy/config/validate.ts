import net from 'node:net';
import { readBundle } from '../../lib/certificates.ts';
import { isTrustDomain, parseSpiffeId } from '../../lib/spiffe.ts';
import { compileMatch } from '../routing/match.ts';
import { tlsMaterial } from '../tls/material.ts';
import { first } from './faults.ts';
import type { Messages, ResourceKind } from './resources.ts';
import { clusterPolicyFault } from './validate-cluster.ts';
import { requestLayerFault, serverLayerFault } from './validate-policies.ts';

/** What is wrong with a message, as `field: reason`; undefined when it can be used. */
export function validateMessage(kind: ResourceKind, message: Messages[ResourceKind]): string | undefined {
  return validators[kind](message as never);
}

const validators: { readonly [K in ResourceKind]: (message: Messages[K]) => string | undefined } = {
  Workload: workloadFault,
  OutboundService: serviceFault,
  Endpoints: endpointsFault,
  InboundPolicy: policyFault,
  Secret: secretFault,
};

function portFault(field: string, port: number): string | undefined {
  return port >= 1 && port <= 65_535 ? undefined : `${field}: ${port} is no port`;
}

function addressFault(field: string, address: string): string | undefined {
  return net.isIP(address) === 0 ? `${field}: ${JSON.stringify(address)} is no IP address` : undefined;
}

function workloadFault(workload: Messages['Workload']): string | undefined {
  const keys = new Set<string>();
  const taken = (address: string, port: number, transport = 'tcp'): string | undefined => {
    const key = `${address} ${port} ${transport}`;
    if (keys.has(key)) return `port: ${address}:${port} is bound twice`;
    keys.add(key);
    return undefined;
  };
  const { sourceAddress } = workload;
  return (
    (sourceAddress === '' ? undefined : addressFault('source_address', sourceAddress)) ??
    first('outbound', workload.outbound, (listener) => {
      const { address, port, protocol, services } = listener;
      if (protocol === 'TCP' && services.length === 0) return 'services: empty';
      if (protocol === 'UDP' && services.length !== 1) return 'services: a UDP listener serves exactly one';
      const transport = protocol === 'UDP' ? 'udp' : 'tcp';
      return addressFault('address', address) ?? portFault('port', port) ?? taken(address, port, transport);
    }) ??
    first('inbound', workload.inbound, (listener) => {
      const { address, port, containerPort, appAddress, appPort } = listener;
      return (
        addressFault('address', address) ??
        portFault('port', port) ??
        portFault('container_port', containerPort) ??
        addressFault('app_address', appAddress) ??
        portFault('app_port', appPort) ??
        taken(address, port)
      );
    }) ??
    first('trust_domains', workload.trustDomains, ({ name, trustBundle }) => {
      if (!isTrustDomain(name)) return `name: ${JSON.stringify(name)} is no trust domain`;
      const roots = readBundle(trustBundle);
      return roots.ok ? undefined : `trust_bundle: ${roots.error}`;
    }) ??
    first('access', workload.access, ({ endpoints, matches }) => {
      if (endpoints === '') return 'endpoints: empty';
      return first('matches', matches, (match) => {
        const compiled = compileMatch(match);
        return compiled.ok ? undefined : compiled.error;
      });
    })
  );
}

function serviceFault(service: Messages['OutboundService']): string | undefined {
  const port = portFault('port', service.port);
  if (port !== undefined) return port;
  const host = service.hosts.find((name) => name !== name.toLowerCase());
  if (host !== undefined) return `hosts: ${host} is not lower case`;
  const rules = first('rules', service.rules, (rule) => {
    const match = compileMatch(rule.match);
    if (!match.ok) return `match.${match.error}`;
    const policy = rule.policy && requestLayerFault(rule.policy);
    if (policy) return `policy.${policy}`;
    if (rule.fail !== null && rule.fail !== undefined) {
      return [0, 404, 500].includes(rule.fail.status) ? undefined : `fail.status: ${rule.fail.status}`;
    }
    const targets = rule.weighted?.targets ?? [];
    if (targets.length === 0) return 'to: neither targets nor fail';
    if (targets.some((target) => target.endpoints === '')) return 'weighted.targets: a target without endpoints';
    return targets.some((target) => target.weight > 0) ? undefined : 'weighted.targets: no positive weight';
  });
  return rules ?? first('policies', service.policies, requestLayerFault);
}

function endpointsFault({ endpoints, policy }: Messages['Endpoints']): string | undefined {
  const fault = clusterPolicyFault(policy);
  if (fault !== undefined) return `policy.${fault}`;
  return first('endpoints', endpoints, ({ address, port, identity }) => {
    if (identity !== '' && parseSpiffeId(identity) === undefined) return `identity: ${identity} is no SPIFFE id`;
    const fault = identity === '' && hostName.test(address) ? undefined : addressFault('address', address);
    return fault ?? portFault('port', port);
  });
}

/** Only a server in plain text can be called by its name: another proves its identity at an address that discovery said. */
const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9])?)*$/;

function policyFault({ grants, policies }: Messages['InboundPolicy']): string | undefined {
  const fault = first('grants', grants, (grant) => {
    if (grant.identities.length === 0 && grant.pods.length === 0) return 'identities: empty, and no pods';
    if (grant.identities.includes('')) return 'identities: one is empty';
    const pods = first('pods', grant.pods, ({ identity, addresses }) => {
      if (identity === '') return 'identity: empty';
      const [unusable] = addresses.filter((address) => net.isIP(address) === 0);
      return unusable === undefined ? undefined : addressFault('addresses', unusable);
    });
    if (pods !== undefined) return pods;
    if (grant.to.length === 0) return 'to: empty';
    return first('to', grant.to, (target) => {
      if (!target.anyPort && target.ports.length === 0) return 'ports: empty without any_port';
      if (!target.anyHttp && target.http === null) return 'http: absent without any_http';
      const match = compileMatch(target.http);
      return match.ok ? undefined : `http.${match.error}`;
    });
  });
  return fault ?? first('policies', policies, serverLayerFault);
}

function secretFault(secret: Messages['Secret']): string | undefined {
  const material = tlsMaterial(secret);
  if (!material.ok) return material.error;
  return material.value.identity === secret.name ? undefined : 'certificate_chain: names another identity';
}
