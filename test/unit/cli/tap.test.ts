import { describe, expect, it } from 'vitest';
import { harOf } from '../../../src/cli/tap/har.ts';
import { targetsOf } from '../../../src/cli/tap/targets.ts';
import { tapLine } from '../../../src/cli/tap/text.ts';
import type { TapTarget } from '../../../src/control/admin/contract.ts';
import { plainStyle } from '../../../src/lib/text-style.ts';
import { sampleRecord } from '../telemetry/samples.ts';

const target = (workload: string, owner: string, services: readonly string[] = []): TapTarget => ({
  workload,
  addresses: ['127.0.0.2'],
  owners: [
    { kind: 'ReplicaSet', name: `${owner}-5d` },
    { kind: 'Deployment', name: owner },
  ],
  services,
});
const targets = [
  target('default/buyer-5d-x', 'buyer'),
  target('default/store-v1-5d-x', 'store-v1', ['default/store', 'default/store-v1']),
  target('default/store-v2-5d-x', 'store-v2', ['default/store']),
  target('other/buyer-5d-x', 'buyer'),
];

describe('a resource of tap', () => {
  it.each([
    ['buyer', ['default/buyer-5d-x']],
    ['deploy/buyer', ['default/buyer-5d-x']],
    ['deployments/other/buyer', ['other/buyer-5d-x']],
    ['other/buyer', ['other/buyer-5d-x']],
    ['po/buyer-5d-x', ['default/buyer-5d-x']],
    ['svc/store', ['default/store-v1-5d-x', 'default/store-v2-5d-x']],
    ['store', ['default/store-v1-5d-x', 'default/store-v2-5d-x']],
    ['ns/other', ['other/buyer-5d-x']],
  ])('%s means %j', (resource, workloads) => {
    const found = targetsOf(resource, targets);
    expect(found.ok && found.value.map(({ workload }) => workload)).toEqual(workloads);
  });

  it.each(['deploy/nobody', 'svc/buyer', 'a/b/c/d', 'deploy/'])('%s means nothing', (resource) => {
    expect(targetsOf(resource, targets).ok).toBe(false);
  });
});

describe('a line of tap', () => {
  it('says who called whom, and what came of it', () => {
    expect(tapLine(sampleRecord({ retries: 1 }), undefined, false, plainStyle)).toBe(
      '22:13:20.000 out default/buyer default/bookstore:80 bookstore-v1 GET /books/1 200 12.5ms split default/bookstore -> default/bookstore-v1 1 retry',
    );
  });

  it('names the rule that came nearest to a denied request, and its place', () => {
    const denied = sampleRecord({ code: 403, verdict: 'denied', rule: 'default/buyers', split: '' });
    const line = tapLine(denied, { file: 'mesh.yaml', line: 12 }, false, plainStyle);
    expect(line).toMatch(/ 403 12\.5ms denied nearest rule default\/buyers \(mesh\.yaml:12\)$/);
  });

  it('shows nothing that a terminal would obey', () => {
    expect(tapLine(sampleRecord({ path: '/\u001b[2J' }), undefined, true, plainStyle)).not.toContain('\u001b');
  });
});

describe('a HAR file', () => {
  it('has one entry a request, whose times add up', () => {
    const { log } = harOf([sampleRecord(), sampleRecord({ protocol: 'tcp' })], '1.0.0') as {
      log: { version: string; entries: { time: number; timings: Record<string, number>; request: { url: string } }[] };
    };
    expect(log.version).toBe('1.2');
    expect(log.entries).toHaveLength(1);
    const [{ time, timings, request } = { time: 0, timings: {}, request: { url: '' } }] = log.entries;
    expect(Object.values(timings).reduce((sum, part) => sum + part, 0)).toBeCloseTo(time);
    expect(request.url).toBe('http://bookstore/books/1');
  });

  it('has times that are not negative where there was no answer', () => {
    const { sentMillis: _, answeredMillis: __, ...unanswered } = sampleRecord({ code: 0 });
    const text = JSON.stringify(harOf([unanswered], '1.0.0'));
    expect(text).toContain('"timings":{"send":0,"wait":12.5,"receive":0}');
  });
});
