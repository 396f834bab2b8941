import { compareVersions } from '../../lib/package-version.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import type { Definition, DefinitionSpec } from './definition.ts';

/** What to do about one definition. */
export type DefinitionPlan =
  | {
      readonly action: 'apply';
      /** What whoever installed it should know. */
      readonly caveat?: string;
    }
  /** It could lose objects, or take them away from somebody. */
  | { readonly action: 'leave'; readonly because: string };

/** On a definition: the release that applied it. */
export const appliedByAnnotation = 'smi-mesh.io/applied-by';

/**
 * Whether a definition may be applied over what a cluster has. Never are versions taken away that somebody may have stored or
 * may ask for, and never is a newer release's work undone. One that another project installed is taken over when its objects
 * can be read by us and nobody else converts them.
 */
export function planDefinition(shipped: Definition, live: Fields | undefined, release: string): DefinitionPlan {
  if (live === undefined) return { action: 'apply' };
  const metadata = isRecord(live.metadata) ? live.metadata : {};
  const leave = (because: string): DefinitionPlan => ({ action: 'leave', because });
  if (metadata.deletionTimestamp != null) return leave('it is being deleted');
  const spec = live.spec as DefinitionSpec;
  const { scope, names } = shipped.spec;
  if (spec.scope !== scope || spec.names.kind !== names.kind) {
    return leave(`it is of kind ${spec.names.kind}, scope ${spec.scope}`);
  }
  const known = new Set(shipped.spec.versions.map(({ name }) => name));
  const stored = isRecord(live.status) && Array.isArray(live.status.storedVersions) ? live.status.storedVersions : [];
  const unknown = [...new Set([...spec.versions.map(({ name }) => name), ...stored.map(String)])].filter(
    (version) => !known.has(version),
  );
  const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
  const labels = isRecord(metadata.labels) ? metadata.labels : {};
  const by = annotations[appliedByAnnotation];
  if (typeof by === 'string' && compareVersions(by, release) > 0) return leave(`release ${by} applied it`);
  if (unknown.length > 0) return leave(`this release does not know its version ${unknown.join(', ')}`);
  const isOurs = typeof by === 'string' || labels['app.kubernetes.io/part-of'] === 'smi-mesh';
  const converter = isOurs ? undefined : converterOf(spec);
  if (converter !== undefined) return leave(`another project converts its objects, at ${converter}`);
  const owner = annotations['meta.helm.sh/release-name'];
  if (typeof owner !== 'string') return { action: 'apply' };
  return { action: 'apply', caveat: `uninstalling the Helm release ${owner} deletes it with all its objects` };
}

function converterOf({ conversion }: DefinitionSpec): string | undefined {
  if (conversion?.strategy !== 'Webhook') return undefined;
  const webhook = isRecord(conversion.webhook) ? conversion.webhook : {};
  const { service, url } = isRecord(webhook.clientConfig) ? webhook.clientConfig : {};
  return isRecord(service) ? `Service ${service.namespace}/${service.name}` : String(url);
}
