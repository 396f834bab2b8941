import { type DataPlaneKind, dataPlaneKinds } from '../kubernetes/names.ts';
import { formatIpRange, type IpRange, parseIpRange } from '../lib/ip-range.ts';
import { err, ok, type Result } from '../lib/result.ts';

/** Which TCP connections of a pod its sidecar carries: all, but for these. */
export interface Interception {
  /** Ports at which callers reach the program itself. */
  readonly excludeInboundPorts: readonly number[];
  /** Ports to which the program connects by itself. */
  readonly excludeOutboundPorts: readonly number[];
  /** Addresses to which the program connects by itself. */
  readonly excludeOutboundRanges: readonly IpRange[];
  /** When there are any, connections to other addresses are not redirected. */
  readonly includeOutboundRanges: readonly IpRange[];
  /** Users whose connections are not redirected. */
  readonly excludeUids: readonly number[];
}

export const interceptEverything: Interception = {
  excludeInboundPorts: [],
  excludeOutboundPorts: [],
  excludeOutboundRanges: [],
  includeOutboundRanges: [],
  excludeUids: [],
};

/** The command line options of `smi-cli intercept`, by field. */
export const interceptionOptions: Readonly<Record<keyof Interception, string>> = {
  excludeInboundPorts: '--exclude-inbound-ports',
  excludeOutboundPorts: '--exclude-outbound-ports',
  excludeOutboundRanges: '--exclude-outbound-ranges',
  includeOutboundRanges: '--include-outbound-ranges',
  excludeUids: '--exclude-uids',
};

/** Arguments of `smi-cli intercept` that say the same. */
export function interceptionArguments(interception: Interception, dataPlane: DataPlaneKind): readonly string[] {
  const lists: Readonly<Record<keyof Interception, readonly (string | number)[]>> = {
    ...interception,
    excludeOutboundRanges: interception.excludeOutboundRanges.map(formatIpRange),
    includeOutboundRanges: interception.includeOutboundRanges.map(formatIpRange),
  };
  const written = (Object.keys(interceptionOptions) as (keyof Interception)[]).flatMap((field) =>
    lists[field].length === 0 ? [] : [interceptionOptions[field], lists[field].join(',')],
  );
  return ['--data-plane', dataPlane, ...written];
}

/** What one run of `smi-cli intercept` is told. */
export interface InterceptionCall {
  readonly interception: Interception;
  readonly dataPlane: DataPlaneKind;
}

/** Reads what `interceptionArguments` wrote, joined by spaces; whatever else is there is an error, as the end of a sentence. */
export function parseInterceptionArguments(text: string): Result<InterceptionCall, string> {
  const words = text.split(' ').filter((word) => word !== '');
  let interception = interceptEverything;
  let dataPlane: DataPlaneKind | undefined;
  for (let index = 0; index < words.length; index += 2) {
    const [option = '', value = ''] = words.slice(index, index + 2);
    if (option === '--data-plane') {
      dataPlane = dataPlaneKinds.find((kind) => kind === value);
      continue;
    }
    const field = (Object.keys(readers) as (keyof Interception)[]).find((key) => interceptionOptions[key] === option);
    const list = field === undefined ? undefined : readers[field](value);
    if (field === undefined || list?.ok !== true) return err(`has ${JSON.stringify(`${option} ${value}`.trim())}`);
    interception = { ...interception, [field]: list.value };
  }
  return dataPlane === undefined ? err('names no data plane') : ok({ interception, dataPlane });
}

/** Every rule costs each packet a comparison, and a list is written by hand. */
const longestList = 100;
const largestUid = 0xffff_fffe;

/** Reads `8080,9090`; the empty text is the empty list. `error`: what is wrong, as the end of a sentence. */
export function readPorts(text: string): Result<readonly number[], string> {
  return readList(text, 'a port from 1 to 65535', (item) => readNumber(item, 1, 65_535));
}

/** Reads `0,1337`. */
export function readUids(text: string): Result<readonly number[], string> {
  return readList(text, 'a user id', (item) => readNumber(item, 0, largestUid));
}

/** Reads `10.0.0.0/8,192.0.2.1,fd00::/8`. */
export function readRanges(text: string): Result<readonly IpRange[], string> {
  return readList(text, 'an address or a range such as 10.0.0.0/8', parseIpRange);
}

function readNumber(text: string, least: number, most: number): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

function readList<T>(text: string, what: string, read: (item: string) => T | undefined): Result<readonly T[], string> {
  if (text.trim() === '') return ok([]);
  const items = text.split(',').map((item) => item.trim());
  if (items.length > longestList) return err(`has ${items.length} entries, more than ${longestList}`);
  const values: T[] = [];
  for (const item of items) {
    const value = read(item);
    if (value === undefined) return err(`has ${JSON.stringify(item.slice(0, 60))}, which is not ${what}`);
    values.push(value);
  }
  return ok(values);
}

const readers = {
  excludeInboundPorts: readPorts,
  excludeOutboundPorts: readPorts,
  excludeOutboundRanges: readRanges,
  includeOutboundRanges: readRanges,
  excludeUids: readUids,
};
