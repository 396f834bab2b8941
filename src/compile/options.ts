import { systemNamespace } from '../kubernetes/names.ts';
import type { MeshSettings } from '../model/types.ts';

export interface CompileOptions {
  /** SPIFFE trust domain. */
  readonly trustDomain: string;
  /** DNS suffix of Services: `NAME.NAMESPACE.svc.CLUSTERDOMAIN`. */
  readonly clusterDomain: string;
  readonly settings: MeshSettings;
  /** Namespaces whose policies may be for the whole mesh. */
  readonly meshNamespaces: readonly string[];
  /**
   * `foreign`: another mesh carries the traffic and injects what it needs, so that a pod of a cluster is in the mesh unless
   * it says otherwise. Absent: it is when it has our sidecar.
   */
  readonly sidecars?: 'foreign';
}

/** Where policies for the whole mesh stand when no control plane has a namespace: in files. */
const fileNamespace = 'smi-mesh';

/** `meshNamespaces` of a control plane that runs in a namespace. */
export function meshNamespacesWith(controlPlane: string): readonly string[] {
  return [...new Set([controlPlane, fileNamespace])];
}

export const defaultCompileOptions: CompileOptions = {
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  settings: { accessMode: 'deny', pathRegexMode: 'spec', outboundMode: 'passthrough', crossNamespaceTargets: 'refuse' },
  meshNamespaces: meshNamespacesWith(systemNamespace),
};
