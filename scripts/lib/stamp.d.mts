export declare function digest(root: string, names: readonly string[]): string;
export declare function isCurrent(stampFile: string, value: string): boolean;
export declare function writeStamp(stampFile: string, value: string): void;
