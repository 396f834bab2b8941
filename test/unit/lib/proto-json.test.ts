import { describe, expect, it } from 'vitest';
import { loadDescriptor } from '../../../src/lib/descriptors.ts';
import { encodeListing, encodeProtoJson } from '../../../src/lib/proto-json.ts';

function roundTrip(name: string, message: unknown): unknown {
  const type = loadDescriptor('envoy').lookupType(name);
  return type.toObject(type.decode(encodeProtoJson('envoy', name, message)), { enums: String, longs: Number });
}

const cluster = 'envoy.config.cluster.v3.Cluster';

describe('proto JSON', () => {
  it('durations, wrapped numbers and enums', () => {
    const message = {
      connectTimeout: '1.5s',
      type: 'EDS',
      maxRequestsPerConnection: 0,
      commonLbConfig: { healthyPanicThreshold: { value: 50 } },
    };
    expect(roundTrip(cluster, message)).toEqual({
      connectTimeout: { seconds: 1, nanos: 500_000_000 },
      type: 'EDS',
      // A zero does not travel; the wrapper says that it was given.
      maxRequestsPerConnection: {},
      commonLbConfig: { healthyPanicThreshold: { value: 50 } },
    });
  });

  it('structures of free form', () => {
    const message = { metadata: { filterMetadata: { own: { list: ['a', 1, true, null], at: { deep: 'b' } } } } };
    const list = [{ stringValue: 'a' }, { numberValue: 1 }, { boolValue: true }, { nullValue: 'NULL_VALUE' }];
    expect(roundTrip(cluster, message)).toEqual({
      metadata: {
        filterMetadata: {
          own: {
            fields: {
              list: { listValue: { values: list } },
              at: { structValue: { fields: { deep: { stringValue: 'b' } } } },
            },
          },
        },
      },
    });
  });

  it('messages in messages of any type', () => {
    const typed =
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
    const listener = {
      apiListener: { apiListener: { '@type': typed, httpProtocolOptions: { acceptHttp10: true } } },
    };
    const read = roundTrip('envoy.config.listener.v3.Listener', listener) as {
      readonly apiListener: { readonly apiListener: { readonly type_url: string; readonly value: Uint8Array } };
    };
    const { type_url, value } = read.apiListener.apiListener;
    expect(type_url).toBe(typed);
    const manager = loadDescriptor('envoy').lookupType(typed.slice(typed.indexOf('/') + 1));
    expect(manager.toObject(manager.decode(value))).toEqual({ httpProtocolOptions: { acceptHttp_10: true } });
  });

  it.each([[{ conectTimeout: '1s' }], [{ connectTimeout: '1' }], [{ type: 'EDDS' }], ['text']])(
    'refuses what the type does not have: %j',
    (message) => {
      expect(() => encodeProtoJson('envoy', cluster, message)).toThrow(/no field|not a|no value/);
    },
  );

  it('a list whose messages are encoded once each gives the same bytes', () => {
    const type = 'envoy.config.route.v3.RouteConfiguration';
    const host = (name: string) => ({
      name,
      domains: [name],
      routes: [{ match: { prefix: '/' }, route: { cluster: name } }],
    });
    const [a, b, c] = [host('a'), host('b'), host('c')];
    for (const virtualHosts of [[], [a, b], [b, c, a], [{ ...a, domains: ['other'] }, b]]) {
      // Fields before and after the list.
      const message = { validateClusters: false, internalOnlyHeaders: ['x'], virtualHosts, name: 'routes' };
      const bytes = encodeListing('envoy', type, 'virtualHosts', message);
      expect(Buffer.from(bytes)).toEqual(Buffer.from(encodeProtoJson('envoy', type, message)));
    }
    expect(() => encodeListing('envoy', type, 'name', { name: 'a' })).toThrow(/no list/);
  });
});
