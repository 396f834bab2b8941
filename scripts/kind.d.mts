export declare function ensureKind(log?: (line: string) => void): string;
export declare function hasCluster(kind: string, name: string): boolean;
export declare function requireDocker(docker?: string): void;
