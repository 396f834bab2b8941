import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../src/access-log/decode.ts';
import { address, encodeMessage, noted } from './messages.ts';

const request = encodeMessage({
  identifier: { node: { id: 'default/buyer' }, logName: 'a name' },
  httpLogs: {
    logEntry: [
      {
        commonProperties: {
          startTime: { seconds: 1_700_000_000, nanos: 500_000_000 },
          duration: { seconds: 1, nanos: 250_000_000 },
          timeToLastUpstreamTxByte: { nanos: 2_000_000 },
          timeToFirstUpstreamRxByte: { nanos: 3_000_000 },
          downstreamDirectRemoteAddress: address('fd00::1', 40_000),
          upstreamRemoteAddress: address('10.0.0.1', 8_080),
          upstreamLocalAddress: address('10.0.0.2', 50_000),
          upstreamCluster: 'default/store-v1:80',
          routeName: 'default/store:80#0',
          responseFlags: { upstreamRetryLimitExceeded: true, delayInjected: true },
          metadata: noted({ enforced_engine_result: 'allowed', enforced_effective_policy_id: 'default/buyer' }),
          customTags: { peer: 'default/store-v1-0 Deployment/store spiffe://m/ns/default/sa/store' },
          upstreamRequestAttemptCount: 3,
          tlsProperties: {
            localCertificateProperties: { subjectAltName: [{ uri: 'spiffe://m/ns/default/sa/own' }] },
            peerCertificateProperties: {
              subjectAltName: [{ dns: 'buyer' }, { uri: 'https://x' }, { uri: 'spiffe://m/ns/default/sa/buyer' }],
            },
          },
        },
        protocolVersion: 3,
        request: {
          requestMethod: 'POST',
          authority: 'Store',
          path: '/books?id=1',
          requestBodyBytes: 5,
          requestHeaders: { 'content-type': 'application/grpc' },
        },
        response: {
          responseCode: { value: 200 },
          responseBodyBytes: 7,
          responseTrailers: { 'grpc-status': '14' },
          responseCodeDetails: 'via_upstream',
        },
      },
    ],
  },
});

describe('a message of an access log', () => {
  it('is read without what only onlookers want', () => {
    const read = decodeMessage(request, false);
    expect(read).toMatchObject({
      ok: true,
      value: {
        name: 'a name',
        entries: [
          {
            kind: 'http',
            startedAt: 1_700_000_000_500,
            millis: 1_250,
            sentMillis: 2,
            answeredMillis: 3,
            client: '[fd00::1]:40000',
            server: '10.0.0.1:8080',
            connected: true,
            peer: 'spiffe://m/ns/default/sa/buyer',
            cluster: 'default/store-v1:80',
            route: 'default/store:80#0',
            flags: new Set([16, 10]),
            access: { enforced_engine_result: 'allowed', enforced_effective_policy_id: 'default/buyer' },
            tags: { peer: 'default/store-v1-0 Deployment/store spiffe://m/ns/default/sa/store' },
            attempts: 3,
            open: false,
            code: 200,
            details: 'via_upstream',
            requestBytes: 5,
            responseBytes: 7,
            version: 3,
            requestHeaders: { 'content-type': 'application/grpc' },
            trailers: { 'grpc-status': '14' },
            method: 'POST',
            authority: '',
            path: '',
          },
        ],
      },
    });
    const detailed = decodeMessage(request, true);
    expect(detailed.ok && detailed.value.entries[0]).toMatchObject({ authority: 'Store', path: '/books?id=1' });
  });

  it('tells connections that are open from those that are over', () => {
    const entry = (accessLogType: string) => ({
      commonProperties: {
        accessLogType,
        metadata: noted({ shadow_engine_result: 'denied' }, 'envoy.filters.network.rbac'),
      },
      connectionProperties: { receivedBytes: 2 ** 40, sentBytes: 4 },
    });
    const bytes = encodeMessage({ tcpLogs: { logEntry: ['TcpUpstreamConnected', 'TcpConnectionEnd'].map(entry) } });
    expect(decodeMessage(bytes, false)).toMatchObject({
      ok: true,
      value: {
        name: undefined,
        entries: [
          { kind: 'tcp', open: true, receivedBytes: 2 ** 40, access: { shadow_engine_result: 'denied' } },
          { kind: 'tcp', open: false, sentBytes: 4 },
        ],
      },
    });
  });

  it('is an error wherever it breaks off, and whatever byte of it is another', () => {
    for (let length = 1; length < request.length; length++) {
      // Between two fields of the message itself there is nothing missing.
      const cut = decodeMessage(request.subarray(0, length), true);
      if (cut.ok) expect(cut.value.entries).toEqual([]);
    }
    for (let at = 0; at < request.length; at++) {
      for (const bit of [0x01, 0x08, 0x80]) {
        const other = Buffer.from(request);
        other[at]! ^= bit;
        expect(() => decodeMessage(other, true)).not.toThrow();
      }
    }
    expect(decodeMessage(Buffer.from('not protobuf at all'), true).ok).toBe(false);
    // A length beyond the end, and a number that never ends.
    expect(decodeMessage(Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]), true).ok).toBe(false);
    expect(decodeMessage(Buffer.alloc(20, 0xff), true).ok).toBe(false);
  });
});
