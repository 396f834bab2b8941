/** `NAMESPACE/NAME` of a Service. */
export type ServiceId = string & { readonly __brand: 'ServiceId' };
/** `NAMESPACE/NAME` of a Pod. */
export type WorkloadId = string & { readonly __brand: 'WorkloadId' };
/**
 * Workloads that share one inbound policy: `NAMESPACE/SERVICEACCOUNT`, and for those of an account that policy selects by
 * their labels too, or by a Service, `NAMESPACE/SERVICEACCOUNT~HASH`, where the hash stands for the policy that is theirs.
 */
export type WorkloadSetId = string & { readonly __brand: 'WorkloadSetId' };
export type NamespaceId = string & { readonly __brand: 'NamespaceId' };
