import { envoyHopLimit, sidecarPorts, sidecarUser } from '../kubernetes/names.ts';
import { formatIpRange, type IpRange } from '../lib/ip-range.ts';
import type { Interception } from './interception.ts';

export type IpFamily = 4 | 6;

/** Chains of the table `nat` that are ours alone, and where each is entered from. */
export const chains = {
  inbound: { name: 'SMI_MESH_INBOUND', from: 'PREROUTING' },
  outbound: { name: 'SMI_MESH_OUTBOUND', from: 'OUTPUT' },
} as const;

export type Chain = (typeof chains)[keyof typeof chains];

/** Addresses for documentation (RFC 5737, RFC 3849): nobody has them, and connections to them are redirected in every pod. */
export const checkAddresses: Readonly<Record<IpFamily, string>> = { 4: '192.0.2.254', 6: '2001:db8::fffe' };

const loopback: Readonly<Record<IpFamily, string>> = { 4: '127.0.0.0/8', 6: '::1/128' };
/** Name lookups stay as they are, also those that are too long for a datagram. */
const dnsPort = 53;

export interface RuleOptions {
  readonly interception: Interception;
  /** Whether an Envoy's connections to its own pod are told by their hop limit. */
  readonly hopLimit: boolean;
}

/**
 * The arguments by which one of our chains is entered. Not with `--syn`: a stray packet would then make an entry of connection tracking
 * that is not redirected, and a connection with the same ends would follow it past the sidecar.
 */
export function jumpTo(chain: Chain): readonly string[] {
  return [chain.from, '-p', 'tcp', '-j', chain.name];
}

/**
 * Input of `iptables-restore --noflush` that makes our chains what they have to be in one step: they are emptied and filled again,
 * whatever they held. `missing`: the chains that nothing enters yet.
 */
export function restoreText(family: IpFamily, options: RuleOptions, missing: readonly Chain[]): string {
  const { inbound, outbound } = chains;
  return table([
    ...[inbound, outbound].map(({ name }) => `:${name} - [0:0]`),
    ...missing.map((chain) => `-I ${jumpTo(chain).join(' ')}`),
    ...inboundRules(options.interception).map((rule) => `-A ${inbound.name} ${rule}`),
    ...outboundRules(family, options).map((rule) => `-A ${outbound.name} ${rule}`),
  ]);
}

/** The same for removing the chains again; `entered`: those that something enters. */
export function cleanupText(existing: readonly Chain[], entered: readonly Chain[]): string {
  return table([
    ...entered.map((chain) => `-D ${jumpTo(chain).join(' ')}`),
    ...existing.map(({ name }) => `-F ${name}`),
    ...existing.map(({ name }) => `-X ${name}`),
  ]);
}

function table(lines: readonly string[]): string {
  return `${['*nat', ...lines, 'COMMIT'].join('\n')}\n`;
}

/** Of two rules that both match the first holds. */
function inboundRules({ excludeInboundPorts }: Interception): readonly string[] {
  const open = [sidecarPorts.metrics, sidecarPorts.health, ...excludeInboundPorts];
  return [...[...new Set(open)].map((port) => `-p tcp --dport ${port} -j RETURN`), redirect('', sidecarPorts.inbound)];
}

function outboundRules(family: IpFamily, { interception, hopLimit }: RuleOptions): readonly string[] {
  const { excludeUids, excludeOutboundPorts, excludeOutboundRanges, includeOutboundRanges } = interception;
  const own = (ranges: readonly IpRange[]) => ranges.filter((range) => range.family === family).map(formatIpRange);
  const included = own(includeOutboundRanges);
  const hops = family === 4 ? `-m ttl --ttl-eq ${envoyHopLimit}` : `-m hl --hl-eq ${envoyHopLimit}`;
  const toItself = `-o lo ! -d ${loopback[family]} -m owner --uid-owner ${sidecarUser} ${hops}`;
  return [
    ...(hopLimit ? [redirect(toItself, sidecarPorts.inbound)] : []),
    `-m owner --uid-owner ${sidecarUser} -j RETURN`,
    `-m owner --gid-owner ${sidecarUser} -j RETURN`,
    redirect(`-d ${checkAddresses[family]}`, sidecarPorts.outbound),
    ...excludeUids.map((uid) => `-m owner --uid-owner ${uid} -j RETURN`),
    // To the pod's own addresses: a pod is not protected from itself.
    '-o lo -j RETURN',
    ...[...new Set([dnsPort, ...excludeOutboundPorts])].map((port) => `-p tcp --dport ${port} -j RETURN`),
    ...own(excludeOutboundRanges).map((range) => `-d ${range} -j RETURN`),
    // Ranges of the other family alone still mean that nothing else is redirected.
    ...(includeOutboundRanges.length === 0
      ? [redirect('', sidecarPorts.outbound)]
      : included.map((range) => redirect(`-d ${range}`, sidecarPorts.outbound))),
  ];
}

function redirect(match: string, port: number): string {
  return `${match === '' ? '' : `${match} `}-p tcp -j REDIRECT --to-ports ${port}`;
}
