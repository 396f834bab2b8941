export type ToolName = 'cert-manager' | 'argo-rollouts' | 'flagger';
export declare const toolNames: readonly ToolName[];
export declare function toolVersion(name: ToolName): string;
export declare function isToolBuilt(name: ToolName): boolean;
export declare function ensureTool(name: ToolName, log?: (line: string) => void): string;
