import type { Translator } from '../adapter/contract.ts';

/** The adapters that write documents, by id; each is loaded when it is asked for. */
export const translators: Readonly<Record<string, () => Promise<Translator>>> = {
  'gateway-api': async () => (await import('../../adapters/gateway-api/index.ts')).gatewayApiAdapter,
  istio: async () => (await import('../../adapters/istio/index.ts')).istioAdapter,
};
