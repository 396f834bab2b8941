import { isRecord } from '../lib/values.ts';
import type { CaseRead, ConformanceCase } from './case.ts';
import type { ReadAnswer, ReadQuestion } from './target.ts';

/** Whether the answer counts requests, of a time that has gone by. */
export function readsTrafficMetrics({ path }: ReadQuestion): boolean {
  return path.startsWith('/apis/metrics.smi-spec.io/');
}

/** Whether a case asks what an apiserver answers, so that it needs a cluster. */
export function readsCluster({ steps }: ConformanceCase): boolean {
  return steps.some(({ reads }) => reads.length > 0);
}

/** What is otherwise than expected, as a sentence without its full stop; nothing when it holds. */
export function problemOfRead(
  { path: asked, as, direct, wants }: CaseRead,
  { status, body }: ReadAnswer,
): string | undefined {
  const path = `${asked}${as === undefined ? '' : ` as ${as}`}${direct === true ? ' past the front proxy' : ''}`;
  if ('status' in wants)
    return status === wants.status ? undefined : `${path} is answered ${status} and not ${wants.status}`;
  if (body === undefined) return `${path} is answered ${status}`;
  const lacking = lack(wants.holds, body, '');
  return lacking === undefined ? undefined : `${path}: ${lacking}`;
}

/** What an answer lacks of what must be in it. */
function lack(wanted: unknown, found: unknown, at: string): string | undefined {
  if (Array.isArray(wanted)) {
    const items = Array.isArray(found) ? found : [];
    const missing = wanted.find((item) => !items.some((each) => lack(item, each, at) === undefined));
    return missing === undefined ? undefined : `${at || 'the list'} has nothing like ${JSON.stringify(missing)}`;
  }
  if (isRecord(wanted)) {
    if (!isRecord(found)) return `${at || 'the answer'} is ${JSON.stringify(found)}`;
    for (const [name, value] of Object.entries(wanted)) {
      const lacking = lack(value, found[name], at === '' ? name : `${at}.${name}`);
      if (lacking !== undefined) return lacking;
    }
    return undefined;
  }
  return isLike(wanted, found) ? undefined : `${at} is ${JSON.stringify(found)} and not ${JSON.stringify(wanted)}`;
}

function isLike(wanted: unknown, found: unknown): boolean {
  if (typeof wanted !== 'string' || !wanted.startsWith('~')) return wanted === found;
  return typeof found === 'string' && new RegExp(wanted.slice(1)).test(found);
}
