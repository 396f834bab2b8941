import { expect, test } from 'vitest';
import { decodeControllerConfig } from '../../../src/config/controller/decode.ts';

function findings(value: unknown): readonly string[] {
  const decoded = decodeControllerConfig(value);
  return decoded.ok ? [] : decoded.error.map(({ code, origin }) => `${code} ${origin?.path}`);
}

test('an empty document is all defaults', () => {
  for (const empty of [{}, null, undefined]) {
    const decoded = decodeControllerConfig(empty);
    expect(decoded).toMatchObject({
      ok: true,
      value: {
        trustDomain: 'cluster.local',
        svidLifetimeSeconds: 86_400,
        ca: { kind: 'secret' },
        crds: { manage: true },
        injection: { dataPlane: 'proxy', nativeSidecars: 'auto', cni: false },
      },
    });
  }
});

test('what is written goes before the defaults', () => {
  const decoded = decodeControllerConfig({
    svidLifetime: '1h30m',
    ca: { kind: 'cert-manager', issuer: { name: 'mesh' } },
    injection: { dataPlane: 'envoy', exclude: { outboundPorts: [5432] } },
    crds: { manage: false },
  });
  expect(decoded).toMatchObject({
    ok: true,
    value: {
      svidLifetimeSeconds: 5_400,
      ca: { kind: 'cert-manager', issuer: { name: 'mesh', kind: 'ClusterIssuer', group: 'cert-manager.io' } },
      injection: { dataPlane: 'envoy', exclude: { outboundPorts: [5432], inboundPorts: [] } },
      crds: { manage: false },
    },
  });
});

test('every mistake is named with its field', () => {
  expect(
    findings({
      trustDomian: 'mesh.example',
      svidLifetime: '5s',
      ca: { kind: 'files' },
      injection: { dataPlane: 'nginx', exclude: { uids: ['root'] }, images: { envoi: 'x' } },
      log: { level: 3 },
    }).toSorted(),
  ).toEqual([
    'SMI2002 ca.directory',
    'SMI2003 injection.exclude.uids[0]',
    'SMI2003 log.level',
    'SMI2005 injection.dataPlane',
    'SMI2008 injection.images.envoi',
    'SMI2008 trustDomian',
    'SMI2012 svidLifetime',
  ]);
  expect(findings([]).length).toBeGreaterThan(0);
  expect(findings({ injection: 'yes' }).length).toBeGreaterThan(0);
});

test('traffic is asked of a Prometheus that has an address', () => {
  const prometheus = { url: 'https://prometheus.example/base', tokenFile: '/etc/token' };
  const source = (trafficMetrics: object) => {
    const decoded = decodeControllerConfig({ trafficMetrics });
    return decoded.ok ? decoded.value.trafficMetrics.source : undefined;
  };
  expect(source({})).toEqual({ kind: 'collector' });
  expect(source({ source: 'collector', prometheus })).toEqual({ kind: 'collector' });
  expect(source({ source: 'prometheus', prometheus })).toEqual({ kind: 'prometheus', ...prometheus });
  const wrong = (trafficMetrics: object) => findings({ trafficMetrics });
  expect(wrong({ source: 'prometheus' })).toEqual([expect.stringContaining('trafficMetrics.prometheus.url')]);
  expect(wrong({ source: 'thanos' })).toEqual([expect.stringContaining('trafficMetrics.source')]);
  for (const url of ['prometheus:9090', 'ftp://x', 'http://u:p@x', 'http://x/?a=b']) {
    expect(wrong({ source: 'prometheus', prometheus: { url } })).toEqual(['SMI2012 trafficMetrics.prometheus.url']);
  }
});
