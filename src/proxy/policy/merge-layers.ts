import type { RequestPolicyLayer__Output as Layer } from '../../../generated/types/proxy/smi/proxy/v1/RequestPolicyLayer.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { EditPlan } from './edit-plan.ts';
import { defaultBudgetWindowMillis, defaultRetries, type RequestPolicy, type RetryPolicy } from './request-policy.ts';
import type { RetryBudget } from './retry-budget.ts';
import { conditionBits } from './retry-conditions.ts';

/** What the names and numbers of layers stand for. */
export interface Resolver {
  readonly cluster: (name: string) => Cluster;
  /** The service port's account of retries over a window. */
  readonly budget: (windowMillis: number) => RetryBudget;
}

/**
 * One policy out of the layers that cover a request, from the most specific: each field is that of the first layer that has
 * it. Lists, and what has only required fields (a delay, an abort, a mirror), are taken as a whole.
 */
export function mergeLayers(layers: readonly Layer[], { cluster, budget }: Resolver): RequestPolicy {
  const mirror = first(layers, (layer) => layer.mirror);
  return {
    requestMillis: first(layers, ({ timeouts }) => timeouts?.requestMs) ?? 0,
    perTryMillis: first(layers, ({ timeouts }) => timeouts?.perTryMs) ?? 0,
    idleMillis: first(layers, ({ timeouts }) => timeouts?.idleMs),
    retries: mergeRetries(layers, budget),
    delay: first(layers, ({ faults }) => faults?.delay),
    abort: first(layers, ({ faults }) => faults?.abort),
    mirror: mirror === undefined ? undefined : { cluster: cluster(mirror.endpoints), share: mirror.share },
    requestHeaders: mergeEdits(layers, (layer) => layer.requestHeaders),
    responseHeaders: mergeEdits(layers, (layer) => layer.responseHeaders),
    debugRouting: first(layers, (layer) => layer.debugRouting) ?? false,
  };
}

function mergeRetries(layers: readonly Layer[], budget: Resolver['budget']): RetryPolicy {
  const conditions = first(layers, ({ retries }) => retries?.on)?.conditions;
  const methods = first(layers, ({ retries }) => retries?.methods)?.methods;
  const number = (
    name: 'attempts' | 'budgetPercent' | 'budgetMinPerSecond' | 'budgetWindowMs' | 'backoffBaseMs' | 'backoffMaxMs',
    otherwise: number,
  ) => first(layers, ({ retries }) => retries?.[name]) ?? otherwise;
  return {
    on: conditions?.reduce((bits, name) => bits | conditionBits[name], 0) ?? defaultRetries.on,
    methods: methods === undefined ? undefined : new Set(methods),
    attempts: number('attempts', defaultRetries.attempts),
    budget: budget(number('budgetWindowMs', defaultBudgetWindowMillis)),
    budgetPercent: number('budgetPercent', defaultRetries.budgetPercent),
    budgetMinPerSecond: number('budgetMinPerSecond', defaultRetries.budgetMinPerSecond),
    backoffBaseMillis: number('backoffBaseMs', defaultRetries.backoffBaseMillis),
    backoffMaxMillis: number('backoffMaxMs', defaultRetries.backoffMaxMillis),
  };
}

function mergeEdits(layers: readonly Layer[], edits: (layer: Layer) => Layer['requestHeaders']): EditPlan | undefined {
  const list = <T>(items: readonly T[] | undefined) => (items?.length === 0 ? undefined : items);
  const remove = first(layers, (layer) => list(edits(layer)?.remove)) ?? [];
  const set = first(layers, (layer) => list(edits(layer)?.set)) ?? [];
  const add = first(layers, (layer) => list(edits(layer)?.add)) ?? [];
  return remove.length + set.length + add.length === 0 ? undefined : { remove, set, add };
}

function first<T>(layers: readonly Layer[], field: (layer: Layer) => T | null | undefined): T | undefined {
  for (const layer of layers) {
    const value = field(layer);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}
