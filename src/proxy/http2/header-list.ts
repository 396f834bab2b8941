import { characters, PLAIN_PATH } from '../codec/characters.ts';
import { forbiddenTrailers } from '../codec/chunked.ts';
import { NO_UPGRADE, UNSUPPORTED_UPGRADE, WEBSOCKET } from '../codec/upgrade.ts';
import type { Fields, RequestMessage, ResponseMessage } from '../http/message.ts';
import {
  AUTHORITY,
  CONTENT_LENGTH,
  COOKIE,
  HOST_FIELD,
  LAST_PSEUDO,
  MALFORMED,
  MESH,
  METHOD,
  PATH,
  PROTOCOL,
  REGULAR,
  SCHEME,
  STATUS,
  TE,
} from './hpack/field-kinds.ts';
import type { FieldLine } from './hpack/field-line.ts';

const ofRequest = (1 << METHOD) | (1 << SCHEME) | (1 << PATH);

/**
 * The lines of one header block: a request's head, a response's, or trailers. Immutable and shared: equal blocks of a
 * connection are the same list, so it may be kept, and nothing of one exchange may be stored in it.
 */
export class HeaderList implements Fields, RequestMessage, ResponseMessage {
  readonly lines: readonly FieldLine[];
  /** Whether the block ends its direction of the stream: no body follows. */
  readonly endStream: boolean;
  /** Larger than what this side told the peer to be willing to accept; `lines` are only the first ones. */
  readonly tooLarge: boolean;
  /** Where the pseudo-header fields end. */
  readonly regularStart: number = 0;
  method = '';
  /** As `:scheme` says; empty for a plain CONNECT. */
  scheme = '';
  /** `:path`; the authority for a plain CONNECT. */
  target = '';
  /** `:authority`, or the Host field when there is none. */
  host = '';
  /** Of an extended CONNECT (RFC 8441). */
  protocol = '';
  status = 0;
  /** What Content-Length says; -1 without. */
  contentLength = -1;
  #seen = 0;
  #malformed = false;
  #authority = '';
  #hostField: string | undefined;
  #cookies = 0;
  /** Whether some fields are not passed on. */
  #hops = false;
  #queryStart = -1;
  #plain = false;

  constructor(lines: readonly FieldLine[], endStream: boolean, tooLarge: boolean) {
    this.lines = lines;
    this.endStream = endStream;
    this.tooLarge = tooLarge;
    let at = 0;
    for (; at < lines.length && lines[at]!.kind <= LAST_PSEUDO; at++) this.#pseudo(lines[at]!);
    this.regularStart = at;
    for (; at < lines.length; at++) if (lines[at]!.kind !== REGULAR) this.#special(lines[at]!);
    this.host = this.#authority === '' ? (this.#hostField ?? '') : this.#authority;
    if (this.isConnect) this.target = this.#authority;
  }

  get fields(): Fields {
    return this;
  }

  get plainPath(): boolean {
    this.#scan();
    return this.#plain;
  }

  get queryStart(): number {
    this.#scan();
    return this.#queryStart;
  }

  /** Extended CONNECT asks for the protocols that Upgrade asks for in HTTP/1.1 (RFC 8441 5). */
  get upgrade(): number {
    if (this.protocol === '') return NO_UPGRADE;
    return this.protocol === 'websocket' ? WEBSOCKET : UNSUPPORTED_UPGRADE;
  }

  /** A CONNECT in its original meaning, without `:protocol`. */
  get isConnect(): boolean {
    return this.method === 'CONNECT' && (this.#seen & (1 << PROTOCOL)) === 0;
  }

  /** Whether this is a well-formed request head (RFC 9113 8.3.1, 8.5; RFC 8441 4). */
  isRequest(extendedConnect: boolean): boolean {
    if (this.#malformed || (this.#seen & (1 << STATUS)) !== 0) return false;
    if (this.endStream && this.contentLength > 0) return false;
    const authority = this.#authority;
    if (this.#hostField !== undefined && authority !== '' && !sameHost(this.#hostField, authority)) return false;
    if (this.isConnect) return this.#seen === ((1 << METHOD) | (1 << AUTHORITY)) && authority !== '';
    if ((this.#seen & (1 << PROTOCOL)) !== 0 && (!extendedConnect || this.method !== 'CONNECT' || authority === '')) {
      return false;
    }
    return (this.#seen & ofRequest) === ofRequest && (this.target !== '*' || this.method === 'OPTIONS');
  }

  /** Whether this is a well-formed response head, final or interim (RFC 9113 8.3.2; 101 is none, 8.6). */
  get isResponse(): boolean {
    if (this.#malformed || this.#seen !== 1 << STATUS || this.status === 101) return false;
    return this.status >= 200 || !this.endStream;
  }

  /** Whether these are well-formed trailers (RFC 9113 8.1). */
  get isTrailers(): boolean {
    if (this.#malformed || this.#seen !== 0 || !this.endStream) return false;
    return !this.lines.some(({ name }) => forbiddenTrailers.has(name));
  }

  lookup(name: string): string | undefined {
    return this.#joined(name, false);
  }

  lookupMesh(name: string): string | undefined {
    return this.#hops ? this.#joined(name, true) : undefined;
  }

  #joined(name: string, mesh: boolean): string | undefined {
    const { lines } = this;
    let found: string | undefined;
    for (let at = this.regularStart; at < lines.length; at++) {
      const line = lines[at]!;
      if (line.name !== name || line.kind === TE || (line.kind === MESH) !== mesh) continue;
      if (found === undefined) found = line.value;
      else found += (line.kind === COOKIE ? '; ' : ',') + line.value;
    }
    return found ?? (name === 'host' && this.host !== '' ? this.host : undefined);
  }

  each(visit: (name: string, value: string) => void): void {
    const { lines } = this;
    let cookies = this.#cookies;
    for (let at = this.regularStart; at < lines.length; at++) {
      const { name, value, kind } = lines[at]!;
      if (this.#hops && (kind === HOST_FIELD || kind === TE || kind === MESH || kind === CONTENT_LENGTH)) continue;
      if (kind !== COOKIE || this.#cookies === 1) visit(name, value);
      else if (cookies > 0) {
        // Split for compression; together they are one field again (RFC 9113 8.2.3).
        visit(name, this.lookup(name)!);
        cookies = 0;
      }
    }
  }

  #pseudo({ kind, value }: FieldLine): void {
    if ((this.#seen & (1 << kind)) !== 0) this.#malformed = true;
    this.#seen |= 1 << kind;
    switch (kind) {
      case METHOD:
        this.method = value;
        return;
      case SCHEME:
        this.scheme = value;
        return;
      case AUTHORITY:
        this.#authority = value;
        return;
      case PATH:
        this.target = value;
        return;
      case PROTOCOL:
        this.protocol = value;
        return;
      case STATUS:
        this.status = Number(value);
        return;
    }
  }

  #scan(): void {
    if (this.#queryStart >= 0) return;
    const end = plainPathEnd(this.target);
    this.#plain = end >= 0;
    this.#queryStart = end >= 0 ? end : this.target.length;
  }

  #special({ kind, value }: FieldLine): void {
    if (kind <= LAST_PSEUDO || kind === MALFORMED) this.#malformed = true;
    else if (kind === COOKIE) this.#cookies++;
    else if (kind === TE || kind === MESH) this.#hops = true;
    else if (kind === CONTENT_LENGTH) {
      this.#hops = true;
      if (this.contentLength >= 0) this.#malformed = true;
      this.contentLength = Number(value);
    } else if (kind === HOST_FIELD) {
      this.#hops = true;
      if (this.#hostField !== undefined) this.#malformed = true;
      this.#hostField = value;
    }
  }
}

const SLASH = 47;
const DOT = 46;
const QUESTION = 63;
const HASH = 35;

/** Where the path of a target ends, if it is certainly in its normal form already; otherwise -1. */
function plainPathEnd(target: string): number {
  if (target.charCodeAt(0) !== SLASH) return -1;
  let at = 0;
  let code = SLASH;
  while (at < target.length && (characters[code]! & PLAIN_PATH) !== 0) {
    const next = target.charCodeAt(++at);
    if (code === SLASH && (next === SLASH || next === DOT)) return -1;
    code = next;
  }
  if (at < target.length && code !== QUESTION) return -1;
  for (let i = at; i < target.length; i++) {
    const inQuery = target.charCodeAt(i);
    if (inQuery === HASH || inQuery > 126) return -1;
  }
  return at;
}

function sameHost(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}
