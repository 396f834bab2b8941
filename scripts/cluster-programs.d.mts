export declare function ensureClusterPrograms(log?: (line: string) => void): {
  readonly coredns: string;
  readonly pause: string;
};
