export declare function ensureXdsBench(log?: (line: string) => void): string;
export declare function xdsBenchVersions(): {
  readonly goControlPlane: string;
  readonly grpcGo: string;
  readonly go: string;
};
