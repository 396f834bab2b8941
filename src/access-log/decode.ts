import { err, ok, type Result } from '../lib/result.ts';
import { emptyEntry, type LogEntry } from './entry.ts';
import { WireReader } from './wire.ts';

/** `StreamAccessLogsMessage`: the first of a stream says whose log it is. */
export interface LogMessage {
  /** Undefined where the message does not say. */
  readonly name: string | undefined;
  readonly entries: readonly LogEntry[];
}

/**
 * Reads a message of an access log. `details`: with what nobody counts, method, authority and path. Unknown fields are passed
 * over; what is no such message is an error.
 */
export function decodeMessage(bytes: Buffer, details: boolean): Result<LogMessage, string> {
  const reader = new WireReader(bytes);
  const entries: LogEntry[] = [];
  let name: string | undefined;
  each(reader, (field) => {
    if (field === 1) name = within(reader, name, (inner) => (inner === 2 ? reader.text() : undefined));
    else if (field === 2) into(reader, (inner) => inner === 1 && entries.push(httpEntry(reader, details)) > 0);
    else if (field === 3) into(reader, (inner) => inner === 1 && entries.push(tcpEntry(reader)) > 0);
    else return false;
    return true;
  });
  return reader.failed ? err('not a message of an access log') : ok({ name, entries });
}

/** Calls back for each field of the message that the reader is in; what the callback does not read is skipped. */
function each(reader: WireReader, read: (field: number) => boolean): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) if (!read(field)) reader.skip();
}

/** The same for the message that is the value of the current field. */
function into(reader: WireReader, read: (field: number) => boolean): void {
  const outer = reader.enter();
  each(reader, read);
  reader.leave(outer);
}

/** The last value that the callback finds in a message; it reads what it returns, and nothing else. */
function within<T>(reader: WireReader, otherwise: T, read: (field: number) => T | undefined): T {
  let found = otherwise;
  into(reader, (field) => {
    const value = read(field);
    if (value === undefined) return false;
    found = value;
    return true;
  });
  return found;
}

function httpEntry(reader: WireReader, details: boolean): LogEntry {
  const entry = emptyEntry('http');
  into(reader, (field) => {
    if (field === 1) common(reader, entry);
    else if (field === 2) entry.version = reader.uint();
    else if (field === 3) into(reader, (inner) => request(reader, entry, inner, details));
    else if (field === 4) into(reader, (inner) => response(reader, entry, inner));
    else return false;
    return true;
  });
  return entry;
}

function tcpEntry(reader: WireReader): LogEntry {
  const entry = emptyEntry('tcp');
  into(reader, (field) => {
    if (field === 1) common(reader, entry);
    else if (field === 2) into(reader, (inner) => connection(reader, entry, inner));
    else return false;
    return true;
  });
  return entry;
}

function connection(reader: WireReader, entry: LogEntry, field: number): boolean {
  if (field === 1) entry.receivedBytes = reader.uint();
  else if (field === 2) entry.sentBytes = reader.uint();
  else return false;
  return true;
}

/** By number; of others Envoy tells none. */
const methods = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

function request(reader: WireReader, entry: LogEntry, field: number, details: boolean): boolean {
  switch (field) {
    case 1:
      entry.method = methods[reader.uint()] ?? '';
      return true;
    case 12:
      entry.requestBytes = reader.uint();
      return true;
    case 13:
      entry.requestHeaders = { ...entry.requestHeaders, ...mapEntry(reader) };
      return true;
    case 3:
      if (details) entry.authority = reader.text();
      return details;
    case 5:
      if (details) entry.path = reader.text();
      return details;
    default:
      return false;
  }
}

function response(reader: WireReader, entry: LogEntry, field: number): boolean {
  switch (field) {
    case 1:
      entry.code = within(reader, 0, (inner) => (inner === 1 ? reader.uint() : undefined));
      return true;
    case 3:
      entry.responseBytes = reader.uint();
      return true;
    case 4:
      entry.responseHeaders = { ...entry.responseHeaders, ...mapEntry(reader) };
      return true;
    case 5:
      entry.trailers = { ...entry.trailers, ...mapEntry(reader) };
      return true;
    case 6:
      entry.details = reader.text();
      return true;
    default:
      return false;
  }
}

/** Of `AccessLogType`: connections that are open. */
const openTypes: ReadonlySet<number> = new Set([1, 2]);

function common(reader: WireReader, entry: LogEntry): void {
  into(reader, (field) => {
    switch (field) {
      case 4:
        entry.peer = peerIdentity(reader);
        return true;
      case 5:
        entry.startedAt = millisOf(reader);
        return true;
      case 8:
        entry.sentMillis = millisOf(reader);
        return true;
      case 9:
        entry.answeredMillis = millisOf(reader);
        return true;
      case 13:
        entry.server = address(reader);
        return true;
      case 14:
        entry.connected = true;
        return false;
      case 15:
        entry.cluster = reader.text();
        return true;
      case 16:
        entry.flags = flagsOf(reader);
        return true;
      case 17:
        entry.access = accessOf(reader);
        return true;
      case 19:
        entry.route = reader.text();
        return true;
      case 20:
        entry.client = address(reader);
        return true;
      case 22:
        entry.tags = { ...entry.tags, ...mapEntry(reader) };
        return true;
      case 23:
        entry.millis = millisOf(reader);
        return true;
      case 24:
        entry.attempts = reader.uint();
        return true;
      case 25:
        entry.termination = reader.text();
        return true;
      case 28:
        entry.handshake = reader.text();
        return true;
      case 33:
        entry.open = openTypes.has(reader.uint());
        return true;
      default:
        return false;
    }
  });
}

/** A `Timestamp` or `Duration`, neither of them negative. */
function millisOf(reader: WireReader): number {
  let millis = 0;
  into(reader, (field) => {
    if (field === 1) millis += reader.uint() * 1_000;
    else if (field === 2) millis += reader.uint() / 1_000_000;
    else return false;
    return true;
  });
  return millis;
}

/** The first URI of the peer's certificate that is a SPIFFE id. */
function peerIdentity(reader: WireReader): string {
  let found = '';
  const name = (field: number): boolean => {
    if (field !== 1) return false;
    const uri = reader.text();
    if (found === '' && uri.startsWith('spiffe://')) found = uri;
    return true;
  };
  into(reader, (field) => {
    if (field !== 5) return false;
    into(reader, (inner) => {
      if (inner !== 1) return false;
      into(reader, name);
      return true;
    });
    return true;
  });
  return found;
}

function address(reader: WireReader): string {
  let host = '';
  let port = 0;
  into(reader, (field) => {
    if (field !== 1) return false;
    into(reader, (inner) => {
      if (inner === 2) host = reader.text();
      else if (inner === 3) port = reader.uint();
      else return false;
      return true;
    });
    return true;
  });
  return host === '' ? '' : host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** All fields but one are booleans. */
function flagsOf(reader: WireReader): ReadonlySet<number> {
  const found = new Set<number>();
  into(reader, (field) => {
    found.add(field);
    return false;
  });
  return found;
}

const accessFilters: ReadonlySet<string> = new Set(['envoy.filters.http.rbac', 'envoy.filters.network.rbac']);

/** What the filters of access control noted, as far as it is text. */
function accessOf(reader: WireReader): Readonly<Record<string, string>> | undefined {
  let found: Record<string, string> | undefined;
  into(reader, (field) => {
    if (field !== 1) return false;
    let wanted = false;
    // In a map's entry the key comes first.
    into(reader, (inner) => {
      if (inner === 1) {
        wanted = accessFilters.has(reader.text());
        return true;
      }
      if (inner !== 2 || !wanted) return false;
      found ??= {};
      const texts = found;
      into(reader, (part) => {
        if (part !== 1) return false;
        Object.assign(texts, structField(reader));
        return true;
      });
      return true;
    });
    return true;
  });
  return found;
}

/** A field of a `Struct` that is text. */
function structField(reader: WireReader): Readonly<Record<string, string>> {
  let key = '';
  let value: string | undefined;
  into(reader, (field) => {
    if (field === 1) key = reader.text();
    else if (field === 2) value = within(reader, value, (inner) => (inner === 3 ? reader.text() : undefined));
    else return false;
    return true;
  });
  return value === undefined ? {} : { [key]: value };
}

function mapEntry(reader: WireReader): Readonly<Record<string, string>> {
  let key = '';
  let value = '';
  into(reader, (field) => {
    if (field === 1) key = reader.text();
    else if (field === 2) value = reader.text();
    else return false;
    return true;
  });
  return { [key]: value };
}
