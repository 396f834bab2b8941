export declare function ensurePython(): string;
export declare function ensureGoPeer(): string;
export declare function ensureGoXdsClient(): string;
