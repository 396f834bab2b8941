import { err, ok, type Result } from '../lib/result.ts';
import { closest } from '../lib/suggest.ts';
import { filterParameters, parseRecordFilter } from './record-filter.ts';
import type { TapRequest } from './tap.ts';

const defaultPerSecond = 100;
const maxPerSecond = 10_000;

const ownParameters = ['share', 'max-per-second', 'headers', 'redact'];
const parameters: readonly string[] = [...filterParameters, ...ownParameters];

/**
 * Reads what an onlooker wants from the parameters of `/tap`. One that is not known refuses it: a filter that is misspelt and ignored would
 * show more than was asked for.
 */
export function parseTapRequest(query: URLSearchParams): Result<TapRequest, string> {
  for (const name of query.keys()) {
    if (parameters.includes(name)) continue;
    const near = closest(name, parameters);
    return err(`there is no parameter ${name}${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  const filter = parseRecordFilter(query);
  if (!filter.ok) return filter;
  const share = numberOf(query, 'share', 100);
  if (!(share > 0 && share <= 100)) return err('share is a percentage above 0');
  const perSecond = numberOf(query, 'max-per-second', defaultPerSecond);
  if (!(perSecond > 0 && perSecond <= maxPerSecond)) return err(`max-per-second is between 1 and ${maxPerSecond}`);
  const headers = query.get('headers') ?? 'false';
  if (headers !== 'true' && headers !== 'false') return err('headers is true or false');
  const redact = query.getAll('redact').flatMap((value) => value.split(','));
  return ok({
    filter: filter.value,
    share: share / 100,
    maxPerSecond: perSecond,
    // What is not carried could not be found.
    headers: headers === 'true' || query.has('header'),
    redact: new Set(redact.map((name) => name.trim().toLowerCase())),
  });
}

function numberOf(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  return text === null ? otherwise : text === '' ? Number.NaN : Number(text);
}
