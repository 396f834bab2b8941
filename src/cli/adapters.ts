import { envoyAdapter, staticBootstrap } from '../../adapters/envoy/index.ts';
import { staticBootstrap as proxyBootstrap } from '../../adapters/proxy/bootstrap.ts';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { Adapter } from '../adapter/contract.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Result } from '../lib/result.ts';
import { ok } from '../lib/result.ts';
import type { MeshModel, WorkloadId } from '../model/types.ts';

/** Paths of PEM files on the machine where the data plane runs; keys travel by reference only. */
export interface CertificateFiles {
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

export interface BootstrapOptions {
  readonly certificateFiles: CertificateFiles;
}

/** A data plane that can start from one file. */
export interface BootstrapTarget {
  /** Says what it cannot do exactly. */
  readonly adapter: Pick<Adapter, 'id' | 'support'>;
  /** The whole configuration of one workload's proxy, as plain JSON. The workload must be in the model. */
  bootstrap(model: MeshModel, workload: WorkloadId, options: BootstrapOptions): Result<unknown, readonly Diagnostic[]>;
}

const envoy: BootstrapTarget = {
  adapter: envoyAdapter,
  bootstrap(model, workload, { certificateFiles }) {
    const options = envoyAdapter.parseOptions({ certificates: certificateFiles });
    return options.ok ? ok(staticBootstrap(model, workload, options.value)) : options;
  },
};

const proxy: BootstrapTarget = {
  adapter: proxyAdapter,
  bootstrap: (model, workload, { certificateFiles }) => ok(proxyBootstrap(model, workload, certificateFiles)),
};

/** What `compile --to` knows. */
export const bootstrapTargets: readonly BootstrapTarget[] = [envoy, proxy];
