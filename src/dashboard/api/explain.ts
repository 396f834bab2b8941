import type { Locate } from '../../diagnostics/origin.ts';
import { explain } from '../../explain/explain.ts';
import type { Question } from '../../explain/explanation.ts';
import { withPlaces } from '../../explain/json.ts';
import { err, type Result } from '../../lib/result.ts';
import type { MeshModel } from '../../model/types.ts';

const maxText = 4_096;

/** An explanation with places, for the parameters `from`, `to`, `method`, `path`, `header` (NAME:VALUE, repeated) and `kind`. */
export function explainQuery(model: MeshModel, query: URLSearchParams, locate: Locate): Result<unknown, string> {
  if (query.toString().length > maxText) return err(`more than ${maxText} characters are asked for`);
  const headers: Record<string, string[]> = {};
  for (const text of query.getAll('header').filter((one) => one !== '')) {
    const [, name, value] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(text) ?? [];
    if (name === undefined || value === undefined) return err(`the header ${text} is not NAME:VALUE`);
    const known = headers[name.toLowerCase()] ?? [];
    headers[name.toLowerCase()] = [...known, value];
  }
  const kind = query.get('kind') ?? 'http';
  const question: Question = {
    from: query.get('from') ?? '',
    to: query.get('to') ?? '',
    method: query.get('method') || 'GET',
    path: query.get('path') || '/',
    headers,
    ...(kind === 'tcp' ? { tcp: true } : {}),
    ...(kind === 'udp' ? { udp: true } : {}),
  };
  if (question.from === '' || question.to === '') return err('say who asks (from) and whom (to)');
  const explained = explain(model, question);
  return explained.ok ? { ok: true, value: withPlaces(explained.value, locate) } : explained;
}
