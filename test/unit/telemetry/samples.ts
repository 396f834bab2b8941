import type { RequestRecord } from '../../../src/telemetry/record.ts';

/** A record of a good request, with differences. */
export function sampleRecord(different: Partial<RequestRecord> = {}): RequestRecord {
  const nobody = { workload: '', namespace: '', service: '', identity: '', address: '' };
  return {
    time: 1_700_000_000_000,
    reporter: 'default/buyer',
    dataPlane: 'proxy',
    direction: 'outbound',
    protocol: 'http1',
    source: {
      ...nobody,
      workload: 'default/buyer',
      namespace: 'default',
      identity: 'spiffe://cluster.local/ns/default/sa/buyer',
    },
    destination: {
      ...nobody,
      namespace: 'default',
      service: 'default/bookstore:80',
      workload: 'default/bookstore-v1',
      address: '127.0.0.2:8080',
    },
    method: 'GET',
    authority: 'bookstore',
    path: '/books/1',
    code: 200,
    verdict: 'forwarded',
    rule: '',
    split: 'default/bookstore',
    backend: 'default/bookstore-v1',
    millis: 12.5,
    sentMillis: 0.5,
    answeredMillis: 12,
    requestBytes: 0,
    responseBytes: 42,
    retries: 0,
    traceId: '',
    reason: '',
    ...different,
  };
}
