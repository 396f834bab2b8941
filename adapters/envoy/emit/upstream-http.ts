import { any, type Message } from './message.ts';

/** What HTTP an upstream speaks; `negotiated`: HTTP/2 where its sidecar agrees to it by ALPN, which needs TLS. */
export type UpstreamHttp = 'http1' | 'http2' | 'negotiated';

/** A sidecar that has vanished shows when it does not answer a PING. */
const connectionKeepalive: Message = { interval: '10s', timeout: '10s' };

const versions: Readonly<Record<UpstreamHttp, Message>> = {
  http1: { explicitHttpConfig: { httpProtocolOptions: {} } },
  http2: { explicitHttpConfig: { http2ProtocolOptions: {} } },
  negotiated: { autoConfig: { httpProtocolOptions: {}, http2ProtocolOptions: { connectionKeepalive } } },
};

/**
 * Idle connections to programs are closed here before common servers close them (after 5 s), those to sidecars before
 * these do (after 60 s), so that no request meets a closing one.
 */
export function upstreamHttp(version: UpstreamHttp): Message {
  const type = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    typedExtensionProtocolOptions: {
      [type]: any(type, {
        commonHttpProtocolOptions: { idleTimeout: version === 'negotiated' ? '45s' : '4s' },
        ...versions[version],
      }),
    },
  };
}
