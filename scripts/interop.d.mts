export declare function ensurePython(): string;
export declare function ensureGoPeer(): string;
