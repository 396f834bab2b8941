export declare function ensureKind(log?: (line: string) => void): string;
export declare function requireDocker(docker?: string): void;
