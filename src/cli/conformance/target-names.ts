/** What `--target` can be. */
export const targetNames = ['simulated', 'local', 'local-envoy', 'cluster', 'program'] as const;

export type TargetName = (typeof targetNames)[number];
