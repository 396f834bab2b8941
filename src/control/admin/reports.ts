import type { ProxyState, TypeState } from '../../xds/contract.ts';
import { resourceVersion } from '../../xds/view.ts';
import type { ProxyReport, ProxyStateName, RefusedReport, TypeReport } from './contract.ts';
import type { AdminSource } from './source.ts';

/** How a connected proxy stands. */
export function proxyReport(source: AdminSource, proxy: ProxyState): ProxyReport {
  const { node, peer, variant, connectedSince } = proxy;
  const { generation, landedAt, waitingSince } = source.rollouts.progressOf(node.id) ?? {};
  const refused = proxy.types.flatMap((type) => refusedOf(source, type));
  const state: ProxyStateName = refused.length > 0 ? 'refused' : waitingSince === undefined ? 'synced' : 'waiting';
  const since = state === 'refused' ? Math.min(...refused.map((each) => each.since)) : waitingSince;
  return {
    node: node.id,
    dataPlane: source.dataPlaneOf(proxy),
    program: node.userAgentName,
    version: node.userAgentVersion,
    variant,
    ...(peer === undefined ? {} : { peer }),
    connectedSince,
    state,
    ...(since === undefined ? {} : { since }),
    ...(landedAt === undefined ? {} : { ackedAt: landedAt }),
    ...(generation === undefined ? {} : { generation }),
    types: proxy.types.map(typeReport),
    refused,
  };
}

function typeReport({ typeUrl, acked, inFlight, refused }: TypeState): TypeReport {
  return {
    typeUrl,
    resources: acked.size,
    version: versionOf(acked),
    state: refused.length > 0 ? 'refused' : inFlight === undefined ? 'synced' : 'waiting',
  };
}

/** Names sorted, so that the order of arrival does not show. */
function versionOf(acked: ReadonlyMap<string, string>): string {
  if (acked.size === 0) return '';
  const text = [...acked]
    .map(([name, version]) => `${name} ${version}`)
    .sort()
    .join('\n');
  return resourceVersion(Buffer.from(text)).slice(0, 8);
}

/** What a proxy refuses of one type. */
export function refusedOf(source: AdminSource, type: TypeState): readonly RefusedReport[] {
  return type.refused.map(({ name, version, since, detail }) => {
    const about = { typeUrl: type.typeUrl, resource: name, version };
    const diagnostic = source.refusals.diagnosticOf(about);
    const keeps = type.acked.get(name);
    return {
      ...about,
      since,
      detail,
      ...(keeps === undefined ? {} : { keeps }),
      ...(diagnostic === undefined ? {} : { diagnostic }),
    };
  });
}
