export declare const envoyVersion: string;
export declare function envoyPath(): string;
export declare function ensureEnvoy(log?: (line: string) => void): string;
