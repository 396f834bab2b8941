export declare const helmVersion: string;
export declare function isHelmBuilt(): boolean;
export declare function ensureHelm(log?: (line: string) => void): string;
