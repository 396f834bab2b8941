/** What `--target` can be. */
export const targetNames = ['simulated', 'local', 'local-envoy'] as const;

export type TargetName = (typeof targetNames)[number];
