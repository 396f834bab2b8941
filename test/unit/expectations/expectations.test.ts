import { describe, expect, it } from 'vitest';
import { decodeExpectations } from '../../../src/expectations/decode.ts';
import { junitReport } from '../../../src/expectations/render-junit.ts';
import { reportText } from '../../../src/expectations/render-text.ts';
import { runExpectations } from '../../../src/expectations/run.ts';
import { readSourceText } from '../../../src/source/read.ts';
import { compile, group, pod, service, split, target } from '../../support/objects.ts';

const { model } = compile({
  services: [service('shop'), service('shop-v1'), service('shop-v2'), service('db', { ports: ['5432:5432 tcp-db'] })],
  pods: [
    pod('client'),
    pod('stranger'),
    pod('shop-v1', { account: 'shop' }),
    pod('shop-v2', { account: 'shop' }),
    pod('shop', { ready: false }),
    pod('db', { ports: ['5432 tcp-db'] }),
  ],
  splits: [
    split('s', 'shop', { 'shop-v1': 3, 'shop-v2': 1 }),
    split('canary', 'shop', { 'shop-v2': 1 }, { matches: ['canary'] }),
  ],
  routeGroups: [
    group('canary', { c: { headers: { 'x-canary': 'yes' } } }),
    group('g', { read: { pathRegex: '/', methods: ['GET'] }, write: { pathRegex: '/new', methods: ['POST'] } }),
  ],
  targets: [target('t', 'shop', ['client', 'batch'], ['HTTPRouteGroup g read write'])],
});

/** A file of expectations with one group of requests. */
function file(requests: readonly string[], from = 'client', to = 'shop'): string {
  return [
    'apiVersion: test.smi-mesh.io/v1alpha1',
    'kind: TrafficExpectations',
    'metadata: { name: t }',
    'spec:',
    '  expectations:',
    `    - from: ${from}`,
    `      to: ${to}`,
    '      requests:',
    ...requests.map((request) => `        - ${request}`),
    '',
  ].join('\n');
}

function run(text: string) {
  const sources = readSourceText('expectations.yaml', text);
  const { expectations, diagnostics } = decodeExpectations(sources.documents);
  expect(diagnostics).toEqual([]);
  return { ...runExpectations(model, expectations), locate: sources.locate };
}

const problems = (text: string) => run(text).results.flatMap((result) => result.problems);

describe('an expectation holds', () => {
  it.each([
    ['{ path: /books }'],
    ['{}'],
    ['{ expect: allow }'],
    ['{ status: 200 }'],
    ['{ method: DELETE, expect: deny }'],
    ['{ method: DELETE, status: [403] }'],
    ['{ shares: { shop-v1: 75, shop-v2: 25 } }'],
    ['{ shares: { default/shop-v1: 3, default/shop-v2: 1, shop: 0 } }'],
    ['{ headers: { X-Canary: "yes" }, backend: shop-v2 }'],
    ['{ path: "/%zz", status: 400 }'],
    ['{ headers: { host: nowhere }, status: 404 }'],
    ['{ method: DELETE, expect: deny, shares: { shop-v1: 3, shop-v2: 1 } }'],
  ])('%s', (request) => {
    expect(problems(file([request]))).toEqual([]);
  });

  it('of a connection', () => {
    expect(problems(file(['{ expect: deny, backend: db }'], 'client', 'db'))).toEqual([]);
    expect(problems(file(['{ tcp: true, expect: deny }'], 'client', 'db:5432'))).toEqual([]);
  });
});

describe('an expectation that does not hold says what is', () => {
  it.each([
    ['{ expect: deny }', 'expected to be denied, is allowed: default/shop-v1 allowed by TrafficTarget default/t'],
    ['{ method: DELETE }', 'expected to be allowed, is denied: default/shop-v1 denied with 403'],
    ['{ method: DELETE }', 'the request uses method DELETE, the match allows GET'],
    ['{ method: DELETE, status: 200 }', 'expected to be answered 200, is answered 403'],
    ['{ status: [200, 403] }', 'expected to be answered 200 or 403, is answered 200'],
    ['{ shares: { shop-v1: 1, shop-v2: 1 } }', 'expected shares default/shop-v1 1, default/shop-v2 1, they are'],
    ['{ backend: shop-v1 }', 'they are default/shop-v1 3, default/shop-v2 1'],
    ['{ shares: { shop-v1: 3, shop-v2: 1, shop: 1 } }', 'expected shares'],
    ['{ path: "/%zz" }', "is rejected: the client's proxy answers 400"],
    ['{ headers: { host: nowhere }, status: 404, backend: shop }', 'there is no backend'],
  ])('%s', (request, sentence) => {
    expect(problems(file([request])).join('\n')).toContain(sentence);
  });

  it('of a name that nothing has', () => {
    expect(problems(file(['{}'], 'clint'))[0]).toContain('did you mean "client"?');
    expect(problems(file(['{}'], 'client', 'nowhere'))[0]).toContain('no Service is called "nowhere"');
  });

  it('of a status where no HTTP is carried', () => {
    expect(problems(file(['{ status: 403 }'], 'client', 'db'))[0]).toContain('does not carry HTTP');
  });
});

describe('a document is refused', () => {
  const codes = (text: string) => {
    const { expectations, diagnostics } = decodeExpectations(readSourceText('e.yaml', text).documents);
    expect(expectations).toEqual([]);
    return diagnostics.map(({ code, severity, origin }) => `${code} ${severity} ${origin?.path}`);
  };
  const request = 'spec.expectations[0].requests[0]';

  it.each([
    ['{ expect: maybe }', [`SMI2005 error ${request}.expect`]],
    ['{ exepct: deny }', [`SMI2008 error ${request}.exepct`]],
    ['{ expect: deny, status: 403 }', [`SMI2040 error ${request}.status`]],
    ['{ shares: { a: 1 }, backend: a }', [`SMI2040 error ${request}.backend`]],
    ['{ tcp: true, path: / }', [`SMI2040 error ${request}.path`]],
    ['{ shares: { a: -1 } }', [`SMI2004 error ${request}.shares.a`]],
  ])('with a request %s', (text, expected) => {
    expect(codes(file([text]))).toEqual(expected);
  });

  it('of another version or kind', () => {
    expect(codes(file(['{}']).replace('v1alpha1', 'v1'))).toEqual(['SMI2001 error kind']);
    expect(codes(file(['{}']).replace('TrafficExpectations', 'TrafficExpectation'))).toEqual(['SMI2001 error kind']);
  });

  it('without a client', () => {
    expect(codes(file(['{}']).replace('from: client', 'form: client'))).toContain(
      'SMI2002 error spec.expectations[0].from',
    );
  });
});

describe('coverage', () => {
  const missed = (...requests: readonly string[]) =>
    run(file(requests)).coverage.missed.map(({ kind, name }) => `${kind}: ${name}`);
  const batch = 'source: TrafficTarget default/t: spiffe://cluster.local/ns/default/sa/batch';
  const canary = 'outbound rule: TrafficSplit default/canary, rule 1 of 2 for default/shop:80';
  const write = /match: TrafficTarget default\/t: spec\.rules\[0\]\.matches\[1\]/;

  it('names the rules, sources and matches that no request makes use of', () => {
    const found = missed('{ path: /x }');
    expect(found).toHaveLength(3);
    expect(found).toEqual(expect.arrayContaining([canary, batch, expect.stringMatching(write)]));
  });

  it('counts every rule as missed when every request is denied before', () => {
    const { coverage } = run(file(['{ path: "/%zz", status: 400 }']));
    expect(coverage.percent).toBe(0);
    expect(coverage.missed).toHaveLength(coverage.total);
  });

  it('is complete when each was used once', () => {
    const text = `${file(['{ headers: { x-canary: "yes" } }', '{}', '{ path: /new, method: POST }'])}---\n${file(['{}'], 'sa/batch').replace('name: t ', 'name: u ')}`;
    expect(run(text).coverage).toEqual({ total: 7, missed: [], percent: 100 });
  });

  it('of a mesh without policies is complete', () => {
    expect(runExpectations(compile({}).model, []).coverage).toEqual({ total: 0, missed: [], percent: 100 });
  });
});

describe('a report', () => {
  const { locate, ...report } = run(file(['{ name: "<all> & more", expect: deny }', '{}']));

  it('for people gives the place of each failure and of each rule that is not exercised', () => {
    const lines = reportText(report, { locate, tooLittleCovered: true }).join('\n');
    expect(lines).toMatch(
      /^failed: 1 of 2 expectations hold, 4 of 7 rules are exercised \(57\.1 %\), which is too few\n/,
    );
    expect(lines).toContain('failed  expectations.yaml:9:');
    expect(lines).toContain('  outbound rule: TrafficSplit default/canary');
  });

  it('as JUnit has a test for each expectation and one for the coverage', () => {
    const options = { locate, tooLittleCovered: true, startedAt: new Date(0), seconds: 1 };
    const xml = junitReport(report, options);
    expect(xml).toContain('tests="3" failures="2" errors="0"');
    expect(xml).toContain('name="&lt;all&gt; &amp; more [client to shop, spec.expectations[0].requests[0]]"');
    expect(xml.match(/<failure /g)).toHaveLength(2);
  });
});
