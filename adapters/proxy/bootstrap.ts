import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { proxyAdapter } from './index.ts';

/** Port of a proxy's admin endpoint when nothing else is said. */
const adminPort = 15_000;

/** Paths of PEM files on the machine where the proxy runs. */
export interface SecretFiles {
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

/** A bootstrap file for a proxy without control plane: all that its workload may see, as static resources. */
export function staticBootstrap(model: MeshModel, workload: WorkloadId, secretFiles: SecretFiles): unknown {
  const address = model.workloads[workload]?.addresses[0] ?? '127.0.0.1';
  return {
    node: workload,
    admin: { address: address.startsWith('127.') ? address : '127.0.0.1', port: adminPort },
    secretFiles,
    resources: staticResources(model, workload),
  };
}

/** The resources of a workload's view, each as its message's fields beside `typeUrl`. */
function staticResources(model: MeshModel, workload: WorkloadId): readonly { readonly typeUrl: string }[] {
  return proxyAdapter
    .view(model, workload, { options: {} })
    .flatMap((unit) => proxyAdapter.emitUnit(model, unit, { options: {} }))
    .map(({ format, body }) => ({ typeUrl: format, ...(body as object) }));
}
