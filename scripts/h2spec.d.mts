export declare function ensureH2spec(log?: (line: string) => void): string;
