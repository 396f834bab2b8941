import { expect, test } from 'vitest';
import { resourceFromJson } from '../../../../src/proxy/config/decode.ts';
import { endpoints, policy, service } from '../support/mesh.ts';

const fault = (layer: Record<string, unknown>) => {
  const result = resourceFromJson(service('store', 80, { store: 1 }, { policies: [{ any: true, ...layer }] }));
  return result.ok ? undefined : result.error;
};
const serverFault = (layer: Record<string, unknown>) => {
  const result = resourceFromJson({ ...policy('p', []), policies: [{ any: true, ports: [80], ...layer }] });
  return result.ok ? undefined : result.error;
};

test.each([
  [{}],
  [{ any: false, matches: [{ methods: ['GET'] }] }],
  [{ timeouts: { requestMs: 0 }, debugRouting: true }],
  [{ retries: { on: { conditions: [] }, methods: { methods: ['POST'] }, attempts: 0 } }],
  [{ faults: { delay: { millis: 1, share: 10_000 }, abort: { httpStatus: 503, grpcStatus: 14, share: 0 } } }],
  [{ mirror: { endpoints: 'default/shadow:80', share: 1 } }],
  [{ requestHeaders: { set: [{ name: 'x-a', value: 'b' }], remove: ['cookie'] } }],
])('the request layer %j can be used', (layer) => expect(fault(layer)).toBeUndefined());

test.each([
  [{ any: false }, 'matches: empty without any'],
  [{ matches: [{ path: { regex: '(' } }] }, 'matches[0].path.regex'],
  [{ retries: { methods: { methods: [] } } }, 'retries.methods: empty'],
  [{ retries: { budgetWindowMs: 0 } }, 'retries.budget_window_ms: 0'],
  [{ retries: { on: { conditions: [99] } } }, 'retries.on: an unknown condition'],
  [{ faults: { abort: { httpStatus: 100, share: 1 } } }, 'faults.abort.http_status: 100'],
  [{ faults: { abort: { httpStatus: 200, grpcStatus: 17, share: 1 } } }, 'faults.abort.grpc_status: 17'],
  [{ faults: { delay: { millis: 1, share: 10_001 } } }, 'faults.delay.share: 10001'],
  [{ mirror: { share: 1 } }, 'mirror.endpoints: empty'],
  [{ mirror: { endpoints: 'a', share: 10_001 } }, 'mirror.share: 10001'],
  [{ requestHeaders: { remove: ['host'] } }, 'request_headers: "host" may not be edited'],
  [{ responseHeaders: { add: [{ name: 'x-a', value: 'a\r\nb' }] } }, 'response_headers: the value of x-a'],
])('the request layer %j is refused', (layer, text) => {
  expect(fault(layer)).toContain(`OutboundService default/store:80: policies[0].${text}`);
});

test.each([
  [{}],
  [{ rateLimit: { requests: 1, periodMs: 1_000, all: true } }],
  [{ rateLimit: { requests: 1, periodMs: 1_000, header: 'x-user' } }],
])('the server layer %j can be used', (layer) => expect(serverFault(layer)).toBeUndefined());

test.each([
  [{ ports: [] }, 'ports: empty'],
  [{ any: false }, 'matches: empty without any'],
  [{ rateLimit: { periodMs: 1, all: true } }, 'rate_limit.requests: 0'],
  [{ rateLimit: { requests: 1, all: true } }, 'rate_limit.period_ms: 0'],
  [{ rateLimit: { requests: 1, periodMs: 1 } }, 'rate_limit.key: absent'],
  [{ rateLimit: { requests: 1, periodMs: 1, header: 'X-User' } }, 'rate_limit.header: not a lower-case name'],
])('the server layer %j is refused', (layer, text) => {
  expect(serverFault(layer)).toContain(`InboundPolicy p: policies[0].${text}`);
});

test('what has no policies stays as it was', () => {
  for (const resource of [service('store', 80, { store: 1 }), endpoints('store', 80, []), policy('p', [])]) {
    expect(resourceFromJson(resource).ok).toBe(true);
  }
});
