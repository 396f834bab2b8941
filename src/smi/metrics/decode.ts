import type { SourceDocument } from '../../source/types.ts';
import type { Decoded } from '../decoded.ts';
import { smiMeta } from '../meta.ts';
import type { MetricsReference, TrafficMetricsDocument } from '../types.ts';

/**
 * v1alpha1 and v1alpha2, after the schema has accepted it. Servers write empty values where they mean none: `edge: null`,
 * `side: ""`, a backend without a name.
 */
interface WireTrafficMetrics {
  readonly timestamp?: string | null;
  readonly window?: string | null;
  readonly resource: MetricsReference;
  readonly edge?: {
    readonly direction: 'to' | 'from';
    readonly side?: 'client' | 'server' | '';
    readonly resource?: MetricsReference | null;
  } | null;
  readonly backend?: {
    readonly apex?: string;
    readonly name?: string;
    readonly weight?: number;
  } | null;
  readonly metrics?:
    | readonly { readonly name: string; readonly unit?: string; readonly value: number | string }[]
    | null;
}

export function decodeTrafficMetrics(document: SourceDocument): Decoded<TrafficMetricsDocument> {
  const wire = document.object as unknown as WireTrafficMetrics;
  const value: TrafficMetricsDocument = {
    meta: smiMeta(document),
    resource: reference(wire.resource),
    ...decodeEdge(wire.edge),
    ...decodeBackend(wire.backend),
    ...(wire.timestamp ? { timestamp: wire.timestamp } : {}),
    ...(wire.window ? { window: wire.window } : {}),
    metrics: (wire.metrics ?? []).map(({ name, unit, value: amount }) => ({
      name,
      ...(unit ? { unit } : {}),
      value: String(amount),
    })),
  };
  return { value, diagnostics: [] };
}

function decodeEdge(edge: WireTrafficMetrics['edge']): Pick<TrafficMetricsDocument, 'edge'> {
  if (!edge) return {};
  const peer = reference(edge.resource ?? {});
  return {
    edge: {
      direction: edge.direction,
      ...(edge.side ? { side: edge.side } : {}),
      ...(Object.keys(peer).length === 0 ? {} : { resource: peer }),
    },
  };
}

function decodeBackend(backend: WireTrafficMetrics['backend']): Pick<TrafficMetricsDocument, 'backend'> {
  if (!backend?.name) return {};
  const { apex, name, weight } = backend;
  return {
    backend: { ...(apex ? { apex } : {}), name, ...(weight === undefined ? {} : { weight }) },
  };
}

/** Without the fields that say nothing. */
function reference({ kind, namespace, name, apiVersion }: MetricsReference): MetricsReference {
  return {
    ...(kind ? { kind } : {}),
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(apiVersion ? { apiVersion } : {}),
  };
}
