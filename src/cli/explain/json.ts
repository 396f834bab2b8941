import type { Locate, Origin } from '../../diagnostics/origin.ts';
import type { Decision, TrafficRequest } from '../../model/decision.ts';
import { verdictOf } from './verdict.ts';

/** The decision for programs; every origin has its place where one is known. */
export function explainJson(request: TrafficRequest, decision: Decision, locate: Locate): unknown {
  return located({ verdict: verdictOf(decision), request, decision }, locate);
}

function located(value: unknown, locate: Locate): unknown {
  if (Array.isArray(value)) return value.map((item) => located(item, locate));
  if (typeof value !== 'object' || value === null) return value;
  if (isOrigin(value)) return { ...value, ...locate(value) };
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, located(field, locate)]));
}

function isOrigin(value: object): value is Origin {
  return 'object' in value && 'path' in value && Object.keys(value).length === 2 && typeof value.object === 'string';
}
