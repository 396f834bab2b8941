import { err, ok, type Result } from '../lib/result.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import type { Party, RequestRecord } from './record.ts';

/** Whether a record is wanted. */
export type RecordFilter = (record: RequestRecord) => boolean;

/** The names of the parameters that say what is wanted. Those that are given more than once are alternatives; all kinds must hold. */
export const filterParameters = [
  'direction',
  'source',
  'destination',
  'method',
  'path',
  'status',
  'verdict',
  'min-millis',
  'max-millis',
  'header',
] as const;

/**
 * Reads a filter from the parameters of a query. Header conditions look at what the record shows: what is redacted cannot be found out by
 * asking for it. The error names the parameter.
 */
export function parseRecordFilter(parameters: URLSearchParams): Result<RecordFilter, string> {
  const tests: RecordFilter[] = [];
  for (const name of filterParameters) {
    const values = parameters.getAll(name).filter((value) => value !== '');
    if (values.length === 0) continue;
    const test = parsers[name](values);
    if (test === undefined) return err(`${name}=${values.join(',')} cannot be read: ${forms[name]}`);
    tests.push(test);
  }
  return ok((record) => tests.every((test) => test(record)));
}

type Parameter = (typeof filterParameters)[number];

const forms: Readonly<Record<Parameter, string>> = {
  direction: 'inbound or outbound',
  source: 'NAME or NAMESPACE/NAME, * for anything',
  destination: 'NAME or NAMESPACE/NAME, * for anything',
  method: 'a method',
  path: 'a path, * for anything',
  status: '200, 5xx, 400-499 or none',
  verdict: 'a verdict, such as denied',
  'min-millis': 'a number of milliseconds',
  'max-millis': 'a number of milliseconds',
  header: 'NAME or NAME=VALUE, * for anything',
};

const parsers: Readonly<Record<Parameter, (values: readonly string[]) => RecordFilter | undefined>> = {
  direction: (values) => {
    if (!values.every((value) => value === 'inbound' || value === 'outbound')) return undefined;
    return ({ direction }) => values.includes(direction);
  },
  source: (values) => {
    const patterns = values.map(compilePattern);
    return ({ source }) => patterns.some((pattern) => namesParty(pattern, source));
  },
  destination: (values) => {
    const patterns = values.map(compilePattern);
    return ({ destination, backend, authority }) =>
      patterns.some(
        (pattern) => namesParty(pattern, destination) || names(pattern, backend) || pattern.test(authority),
      );
  },
  method: (values) => {
    const methods = new Set(values.map((value) => value.toUpperCase()));
    return ({ method }) => methods.has(method);
  },
  path: (values) => {
    const patterns = values.map(compilePattern);
    return ({ path }) => patterns.some((pattern) => pattern.test(path));
  },
  status: (values) => {
    const ranges = values.flatMap((value) => value.split(',')).map(statusRange);
    if (!ranges.every((range) => range !== undefined)) return undefined;
    return ({ code }) => ranges.some(([from, to]) => from <= code && code <= to);
  },
  verdict: (values) => {
    const wanted = new Set<string>(values.flatMap((value) => value.split(',')));
    return ({ verdict }) => wanted.has(verdict);
  },
  'min-millis': ([value]) =>
    bound(
      value,
      (limit) =>
        ({ millis }) =>
          millis >= limit,
    ),
  'max-millis': ([value]) =>
    bound(
      value,
      (limit) =>
        ({ millis }) =>
          millis <= limit,
    ),
  header: (values) => {
    const wanted = values.map((value) => {
      const equals = value.indexOf('=');
      const name = (equals < 0 ? value : value.slice(0, equals)).toLowerCase();
      return { name, pattern: compilePattern(equals < 0 ? '*' : value.slice(equals + 1)) };
    });
    return ({ requestHeaders = [], responseHeaders = [] }) =>
      wanted.some(({ name, pattern }) =>
        [requestHeaders, responseHeaders].some((headers) =>
          headers.some(([header, value]) => header === name && pattern.test(value)),
        ),
      );
  },
};

function namesParty(pattern: Pattern, { workload, service, identity, address }: Party): boolean {
  return (
    names(pattern, workload) ||
    namesService(pattern, service) ||
    namesIdentity(pattern, identity) ||
    pattern.test(address)
  );
}

/** `name`: `NAMESPACE/NAME`, of which the namespace may be left out. */
function names(pattern: Pattern, name: string): boolean {
  return name !== '' && (pattern.test(name) || pattern.test(name.slice(name.indexOf('/') + 1)));
}

/** With its port or without. */
function namesService(pattern: Pattern, service: string): boolean {
  return names(pattern, service) || names(pattern, service.replace(/:\d+$/, ''));
}

/** The whole of it, or `NAMESPACE/ACCOUNT`. */
function namesIdentity(pattern: Pattern, identity: string): boolean {
  if (identity === '') return false;
  const account = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity);
  return pattern.test(identity) || (account !== null && names(pattern, `${account[1]}/${account[2]}`));
}

function statusRange(text: string): readonly [number, number] | undefined {
  if (text === 'none') return [0, 0];
  const [, first, last, family] = /^(?:(\d{3})(?:-(\d{3}))?|([1-5])xx)$/i.exec(text) ?? [];
  if (family !== undefined) return [Number(family) * 100, Number(family) * 100 + 99];
  return first === undefined ? undefined : [Number(first), Number(last ?? first)];
}

function bound(text: string | undefined, test: (limit: number) => RecordFilter): RecordFilter | undefined {
  const limit = Number(text);
  return Number.isFinite(limit) && limit >= 0 ? test(limit) : undefined;
}
