import type { MeshSettings } from '../model/types.ts';

export interface CompileOptions {
  /** SPIFFE trust domain. */
  readonly trustDomain: string;
  /** DNS suffix of Services: `NAME.NAMESPACE.svc.CLUSTERDOMAIN`. */
  readonly clusterDomain: string;
  readonly settings: MeshSettings;
}

export const defaultCompileOptions: CompileOptions = {
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  settings: { accessMode: 'deny', pathRegexMode: 'spec', outboundMode: 'passthrough', crossNamespaceTargets: 'refuse' },
};
