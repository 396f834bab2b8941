import type { SimulatedTreatment } from '../../adapter/contract.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import type { HeaderEdits, RequestPolicy } from '../../model/policy.ts';
import { assembled, type FieldInForce } from '../../model/policy-fields.ts';

/** One thing that documents do otherwise with a request on its way. */
interface Difference {
  /** As one sentence. */
  readonly difference: string;
  /** The fields that say what is meant. */
  readonly origins: readonly Origin[];
}

/** What documents do otherwise with a request than the fields in force say: its time, its copies, its headers. */
export function differencesOfTreatment(
  meant: readonly FieldInForce[],
  { timeout, mirror, headers }: SimulatedTreatment,
): readonly Difference[] {
  const policy = assembled<RequestPolicy>(meant);
  const parts = [
    ['timeouts.request', limit(policy.timeouts?.request), limit(timeout)],
    ['mirror', copies(policy.mirror), copies(mirror)],
    ['headers', edits(policy.headers), edits(headers)],
  ] as const;
  return parts.flatMap(([start, wanted, got]) => {
    if (wanted === got) return [];
    const origins = meant.filter(({ path }) => path.startsWith(start)).flatMap((field) => field.origins);
    return [{ difference: `the mesh gives it ${wanted}, the documents ${got}`, origins }];
  });
}

function limit(millis = 0): string {
  return millis === 0 ? 'any time' : `${millis} ms`;
}

function copies(mirror: RequestPolicy['mirror']): string {
  if (mirror === undefined || mirror.share === 0) return 'no copies';
  return `copies of ${mirror.share / 100} % for ${mirror.service}:${mirror.port}`;
}

function edits({ request, response }: NonNullable<RequestPolicy['headers']> = {}): string {
  const said = [...edited('request', request), ...edited('answer', response)];
  return said.length === 0 ? 'the headers that it has' : `the headers ${said.join(', ')}`;
}

/** What becomes of each header, in the order remove, set, add. */
function edited(whose: string, { set = {}, add = {}, remove = [] }: HeaderEdits = {}): readonly string[] {
  const lower = (some: Readonly<Record<string, string>>) =>
    new Map(Object.entries(some).map(([name, value]) => [name.toLowerCase(), value]));
  const [values, added] = [lower(set), lower(add)];
  const removed = new Set(remove.map((name) => name.toLowerCase()));
  return [...new Set([...values.keys(), ...added.keys(), ...removed])].sort().map((name) => {
    const kept = removed.has(name) || values.has(name) ? [] : ['what it has'];
    const texts = [...kept, ...[values.get(name), added.get(name)].filter((text) => text !== undefined)];
    return `${name} of the ${whose}: ${texts.length === 0 ? 'none' : texts.join(',')}`;
  });
}
