import { printable } from '../../lib/printable.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import type { Party, RequestRecord } from '../../telemetry/record.ts';

/** Where the rule of a record stands. */
export interface RulePlace {
  readonly file: string;
  readonly line: number;
}

const widths = { time: 12, direction: 4, source: 28, destination: 32, request: 40, status: 8, millis: 9 } as const;

/** The names of the columns, for terminals. */
export function tapHeading({ dim }: Pick<TextStyle, 'dim'>): string {
  return dim(columns(['TIME', 'DIR', 'SOURCE', 'DESTINATION', 'REQUEST', 'STATUS', 'LATENCY', ''], true));
}

/** One request in one line; `aligned` for people who look at many. */
export function tapLine(
  record: RequestRecord,
  place: RulePlace | undefined,
  aligned: boolean,
  style: TextStyle,
): string {
  const { time, direction, source, destination, method, path, millis, protocol } = record;
  const request = protocol === 'tcp' || protocol === 'udp' ? protocol : `${method} ${path}`;
  const line = columns(
    [
      new Date(time).toISOString().slice(11, 23),
      direction === 'outbound' ? 'out' : 'in',
      partyName(source),
      destinationName(record, destination),
      request,
      statusOf(record),
      `${millis.toFixed(1)}ms`,
      remarks(record, place).join(' '),
    ],
    aligned,
  );
  return paint(record, style)(printable(line));
}

function columns(texts: readonly string[], aligned: boolean): string {
  if (!aligned) return texts.filter((text) => text !== '').join(' ');
  const sizes = Object.values(widths);
  return texts
    .map((text, at) => text.padEnd(sizes[at] ?? 0))
    .join(' ')
    .trimEnd();
}

function statusOf({ code, grpcStatus, protocol, verdict }: RequestRecord): string {
  if (protocol === 'tcp' || protocol === 'udp') return verdict;
  if (grpcStatus !== undefined) return `grpc:${grpcStatus}`;
  return code === 0 ? 'none' : String(code);
}

function remarks(record: RequestRecord, place: RulePlace | undefined): readonly string[] {
  const { verdict, rule, retries, fault, split, backend, traceId, reason } = record;
  const unusual = verdict !== 'allowed' && verdict !== 'forwarded';
  return [
    ...(unusual ? [verdict] : []),
    ...(rule === '' ? [] : [`${verdict === 'denied' || verdict === 'audited' ? 'nearest rule' : 'rule'} ${rule}`]),
    ...(place === undefined ? [] : [`(${place.file}:${place.line})`]),
    ...(split === '' ? [] : [`split ${split} -> ${backend}`]),
    ...(retries === 0 ? [] : [`${retries} ${retries === 1 ? 'retry' : 'retries'}`]),
    ...(fault === undefined ? [] : [`fault ${fault}`]),
    ...(reason === '' ? [] : [reason]),
    ...(traceId === '' ? [] : [`trace ${traceId}`]),
  ];
}

/** By what it is best known. */
function partyName({ workload, identity, address }: Party): string {
  const account = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity);
  return workload || (account === null ? identity : `${account[1]}/${account[2]}`) || address || '-';
}

function destinationName({ authority }: RequestRecord, destination: Party): string {
  const { workload, service } = destination;
  if (service !== '' && workload !== '') return `${service} ${workload.slice(workload.indexOf('/') + 1)}`;
  return service || workload || authority || destination.address || '-';
}

function paint({ code, verdict }: RequestRecord, { red, yellow }: TextStyle): (text: string) => string {
  if (code >= 500 || verdict === 'failed') return red;
  return code >= 400 || verdict === 'denied' ? yellow : (text) => text;
}
