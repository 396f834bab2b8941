import type { AdminAnswer } from './contract.ts';

export function json(value: unknown): AdminAnswer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

export function problem(status: number, error: string): AdminAnswer {
  return { ...json({ error }), status };
}
