import type { Connection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { serverSideApply } from '../../kubernetes-client/write.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { webhookPaths } from '../endpoints.ts';
import { clientConfig, type WebhookAddress } from './address.ts';
import { type Definition, definitionsPath } from './definition.ts';
import { appliedByAnnotation, type DefinitionPlan, planDefinition } from './definition-plan.ts';
import { fieldManager } from './field-manager.ts';

export interface AppliedDefinition {
  readonly name: string;
  readonly plan: DefinitionPlan;
  /** Versions other than the newest in which objects may still be stored, a while after it has been applied. */
  readonly stored: readonly string[];
}

/**
 * Brings one definition up to date, its conversion pointed at the webhooks, as far as that is safe. Applying what is in
 * force already writes nothing.
 */
export async function applyDefinition(
  connection: Connection,
  shipped: Definition,
  webhooks: { readonly address: WebhookAddress; readonly caBundle: string },
  release: string,
): Promise<Result<AppliedDefinition, ClusterFault>> {
  const { name } = shipped.metadata;
  const found = await connection.get(`${definitionsPath}/${name}`);
  if (!found.ok && found.error.status !== 404) return err(found.error);
  const live = found.ok && isRecord(found.value) ? found.value : undefined;
  const plan = planDefinition(shipped, live, release);
  if (plan.action === 'apply') {
    const object = definitionFor(shipped, webhooks, release);
    const applied = await serverSideApply(connection, object, { fieldManager, force: true });
    if (!applied.ok) return err(applied.error);
  }
  return ok({ name, plan, stored: plan.action === 'apply' ? storedBefore(shipped, live) : [] });
}

/**
 * Nothing right after a definition has been applied: another apiserver may go on storing objects as before for a moment. The
 * next look sees it applied.
 */
function storedBefore(shipped: Definition, live: Fields | undefined): readonly string[] {
  if (live === undefined || !isRecord(live.metadata) || !isRecord(live.metadata.annotations)) return [];
  if (live.metadata.annotations[appliedByAnnotation] === undefined || !isRecord(live.status)) return [];
  const stored = Array.isArray(live.status.storedVersions) ? live.status.storedVersions.map(String) : [];
  return stored.filter((version) => shipped.spec.versions.some(({ name, storage }) => name === version && !storage));
}

function definitionFor(
  shipped: Definition,
  { address, caBundle }: { readonly address: WebhookAddress; readonly caBundle: string },
  release: string,
): Definition {
  const { name, labels } = shipped.metadata;
  const metadata = {
    name,
    ...(labels === undefined ? {} : { labels }),
    annotations: { [appliedByAnnotation]: release },
  };
  if (shipped.spec.conversion === undefined) return { ...shipped, metadata };
  const webhook = {
    conversionReviewVersions: ['v1'],
    clientConfig: clientConfig(address, webhookPaths.convert, caBundle),
  };
  return { ...shipped, metadata, spec: { ...shipped.spec, conversion: { strategy: 'Webhook', webhook } } };
}
