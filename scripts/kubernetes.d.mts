export declare const kubernetesVersion: string;
export declare function kubernetesFolder(): string;
export declare function isKubernetesBuilt(): boolean;
export declare function ensureKubernetes(log?: (line: string) => void): string;
export declare function ensureWholeKubernetes(log?: (line: string) => void): string;
