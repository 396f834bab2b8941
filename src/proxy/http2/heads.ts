import type { HeaderEdits } from '../http/header-edits.ts';
import type { Fields, ResponseMessage } from '../http/message.ts';
import type { OutgoingRequest } from '../http/outgoing.ts';
import { HeaderList } from './header-list.ts';
import type { HpackEncoder } from './hpack/encoder.ts';
import {
  AUTHORITY,
  CONTENT_LENGTH,
  HOST_FIELD,
  MESH,
  METHOD,
  PATH,
  REGULAR,
  SCHEME,
  STATUS,
} from './hpack/field-kinds.ts';
import { FieldLine } from './hpack/field-line.ts';

const statusLines: FieldLine[] = [];
for (let status = 100; status < 1_000; status++) {
  statusLines[status] = new FieldLine(':status', String(status), STATUS, false);
}
const schemeHttp = new FieldLine(':scheme', 'http', SCHEME, false);
const methodLines = new Map(
  ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'].map((name): [string, FieldLine] => [
    name,
    new FieldLine(':method', name, METHOD, false),
  ]),
);

/** Encodes the messages of one connection into the block of its encoder. */
export class HeadEncoder {
  readonly #encoder: HpackEncoder;
  #edits: HeaderEdits | undefined;

  constructor(encoder: HpackEncoder) {
    this.#encoder = encoder;
  }

  request({ request, path, query, requestEdits }: OutgoingRequest): void {
    const { method, host, plainPath } = request;
    const target = plainPath ? request.target : path + query;
    this.#encoder.begin();
    if (request instanceof HeaderList) {
      this.#pseudoOf(request, target);
    } else {
      this.#encoder.add(methodLines.get(method) ?? new FieldLine(':method', method, METHOD, false));
      this.#encoder.add(schemeHttp);
      this.#encoder.add(new FieldLine(':path', target, PATH, false));
      if (host !== '') this.#encoder.add(new FieldLine(':authority', host, AUTHORITY, false));
    }
    this.#fields(request.fields, request.contentLength, requestEdits);
  }

  response({ status, fields, contentLength }: ResponseMessage, edits: HeaderEdits | undefined): void {
    this.#encoder.begin();
    this.#encoder.add(statusLines[status]!);
    this.#fields(fields, contentLength, edits);
  }

  trailers(fields: Fields): void {
    this.#encoder.begin();
    this.#fields(fields, -1, undefined);
  }

  #pseudoOf(list: HeaderList, target: string): void {
    const { lines, regularStart, host } = list;
    let named = false;
    for (let at = 0; at < regularStart; at++) {
      const line = lines[at]!;
      if (line.kind === AUTHORITY) named = true;
      if (line.kind === PATH && line.value !== target) this.#encoder.add(new FieldLine(':path', target, PATH, false));
      else this.#encoder.add(line);
    }
    if (!named && host !== '') this.#encoder.add(new FieldLine(':authority', host, AUTHORITY, false));
  }

  #fields(fields: Fields, contentLength: number, edits: HeaderEdits | undefined): void {
    this.#edits = edits?.removesAny === true ? edits : undefined;
    if (fields instanceof HeaderList) this.#linesOf(fields);
    else {
      if (contentLength >= 0) {
        this.#encoder.add(new FieldLine('content-length', String(contentLength), CONTENT_LENGTH, false));
      }
      fields.each(this.#field);
    }
    this.#edits = undefined;
    edits?.each(this.#field);
  }

  #linesOf({ lines, regularStart }: HeaderList): void {
    const edits = this.#edits;
    for (let at = regularStart; at < lines.length; at++) {
      const line = lines[at]!;
      if (line.kind === HOST_FIELD || line.kind === MESH || edits?.removes(line.name) === true) continue;
      this.#encoder.add(line);
    }
  }

  readonly #field = (name: string, value: string): void => {
    if (this.#edits?.removes(name) !== true) this.#encoder.add(new FieldLine(name, value, REGULAR));
  };
}
