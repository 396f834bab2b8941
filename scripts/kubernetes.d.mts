export declare const kubernetesVersion: string;
export declare function kubernetesFolder(): string;
export declare function ensureKubernetes(log?: (line: string) => void): string;
