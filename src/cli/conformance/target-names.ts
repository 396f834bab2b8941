/** What `--target` can be. */
export const targetNames = ['simulated', 'local', 'local-envoy', 'cluster'] as const;

export type TargetName = (typeof targetNames)[number];
