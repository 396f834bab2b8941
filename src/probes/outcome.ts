/** What became of one probe, for the kubelet: a status as it understands it, and a line for its events. */
export interface ProbeOutcome {
  readonly status: number;
  readonly message: string;
}

export const failed = (message: string): ProbeOutcome => ({ status: 503, message });

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
