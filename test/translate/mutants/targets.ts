import { envoyAdapter, staticBootstrap } from '../../../adapters/envoy/index.ts';
import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import type { Adapter, Translator } from '../../../src/adapter/contract.ts';
import { translators } from '../../../src/cli/translators.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { proxyResources } from '../../support/mesh/plane-proxy.ts';

type Options = Readonly<Record<string, unknown>>;

/** An adapter whose emitter is tried. */
export interface Target {
  readonly adapter: Translator;
  /** Under each of them the emitter is asked; golden files are written under the first. */
  readonly options: readonly Options[];
  /** Of a data plane: what golden files say of one workload's proxy. */
  readonly planeOf?: (model: MeshModel, workload: WorkloadId) => unknown;
}

const certificates = { certificateChain: 'chain.pem', privateKey: 'key.pem', trustBundle: 'roots.pem' };

const targets: Readonly<Record<string, () => Promise<Target>>> = {
  'gateway-api': async () => ({
    adapter: await translators['gateway-api']!(),
    options: [
      { access: 'elsewhere' },
      { access: 'elsewhere', channel: 'experimental', grpc: 'GRPCRoute' },
      { access: 'elsewhere', regex: 'refuse' },
    ],
  }),
  istio: async () => ({
    adapter: await translators.istio!(),
    options: [
      { datagrams: 'elsewhere' },
      { datagrams: 'elsewhere', denyBy: 'mesh' },
      { datagrams: 'elsewhere', routes: 'gateway-api' },
    ],
  }),
  envoy: async () => ({
    adapter: asTranslator(envoyAdapter),
    options: [{}],
    planeOf: (model, workload) => {
      const options = envoyAdapter.parseOptions({ certificates });
      return options.ok ? staticBootstrap(model, workload, options.value) : undefined;
    },
  }),
  proxy: async () => ({ adapter: asTranslator(proxyAdapter), options: [{}], planeOf: proxyResources }),
};

export const targetNames = Object.keys(targets);

export function targetNamed(name: string): Promise<Target> {
  const load = targets[name];
  if (load === undefined) throw new Error(`no adapter ${name}`);
  return load();
}

/** What data planes have more than translators is not asked for. */
function asTranslator<Options>(adapter: Adapter<Options>): Translator {
  return adapter as unknown as Translator;
}
