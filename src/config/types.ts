import type { ObjectKey } from '../diagnostics/origin.ts';
import type { MeshSettings } from '../model/types.ts';

/** config.smi-mesh.io/v1alpha1 MeshConfig: what holds for the whole mesh. Each setting that is absent keeps its default. */
export interface MeshConfigObject {
  readonly meta: { readonly key: ObjectKey };
  readonly settings: Partial<
    Pick<
      MeshSettings,
      'accessMode' | 'pathRegexMode' | 'crossNamespaceTargets' | 'outboundMode' | 'trustDomains' | 'tracing'
    > & {
      readonly clientAccess: 'pass' | 'refuse';
      readonly accessLog: 'refused' | 'all';
      readonly metrics: 'all' | 'none';
    }
  >;
  /** By namespace: what is different for the objects there. */
  readonly namespaces: Readonly<Record<string, Partial<Pick<MeshSettings, 'pathRegexMode'>>>>;
}
