import { localReplies } from './local-replies.ts';
import { any, type Message } from './message.ts';

/** What only some HTTP connection managers have. */
interface HttpOptions {
  /** For requests that become tunnels, in the place of `filters`. */
  readonly upgradeFilters?: readonly Message[];
  readonly [field: string]: unknown;
}

/** An HTTP connection manager that changes nothing of a message but what the path rules ask for. */
export function httpConnectionManager(
  statPrefix: string,
  routing: Message,
  filters: readonly Message[] = [],
  { upgradeFilters, ...more }: HttpOptions = {},
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
      // Trailers of HTTP/1.1 are dropped: Envoy would pass those that frame and authorise too.
      httpProtocolOptions: { allowAbsoluteUrl: false, acceptHttp10: true },
      commonHttpProtocolOptions: { maxHeadersCount: 128 },
      // Envoy answers 403 to any other protocol but h2c, which it ignores; so does our own proxy.
      upgradeConfigs: [
        {
          upgradeType: 'websocket',
          ...(upgradeFilters === undefined ? {} : { filters: [...upgradeFilters, router] }),
        },
      ],
      localReplyConfig: localReplies,
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
