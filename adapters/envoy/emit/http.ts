import { originFormOnly } from './faults.ts';
import { any, type Message } from './message.ts';

/**
 * An HTTP connection manager that changes nothing of a message but what the path rules ask for. `more`: what this one has
 * beyond others.
 */
export function httpConnectionManager(
  statPrefix: string,
  routing: Message,
  filters: readonly Message[] = [],
  more: Message = {},
): Message {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
      statPrefix,
      codecType: 'AUTO',
      ...routing,
      httpFilters: [...filters, router],
      // One normal form of paths, for matching and for forwarding.
      normalizePath: true,
      mergeSlashes: true,
      pathWithEscapedSlashesAction: 'REJECT_REQUEST',
      httpProtocolOptions: { allowAbsoluteUrl: false, acceptHttp10: true },
      commonHttpProtocolOptions: { maxHeadersCount: 128 },
      // Envoy answers 403 to any other protocol but h2c, which it ignores; so does our own proxy.
      upgradeConfigs: [{ upgradeType: 'websocket' }],
      localReplyConfig: originFormOnly,
      // Headers travel as they are.
      useRemoteAddress: false,
      skipXffAppend: true,
      generateRequestId: false,
      preserveExternalRequestId: true,
      serverHeaderTransformation: 'PASS_THROUGH',
      requestHeadersTimeout: '10s',
      streamIdleTimeout: '300s',
      ...more,
    }),
  };
}

const router: Message = {
  name: 'envoy.filters.http.router',
  typedConfig: any('envoy.extensions.filters.http.router.v3.Router', { suppressEnvoyHeaders: true }),
};
