import type { Duplex } from 'node:stream';

/** An HTTP/1.1 response, or that the connection ended before one came. */
export type RawResponse =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: ReadonlyMap<string, string>;
      readonly body: string;
    }
  | { readonly kind: 'ended'; readonly reason: string };

export interface RawRequest {
  readonly method: string;
  /** Goes out exactly as written. */
  readonly path: string;
  /** In order; goes out exactly as written. */
  readonly headers: readonly (readonly [string, string])[];
}

const responseMillis = 20_000;

/**
 * Sends requests one after another over a connection that `open` makes, and opens another when the server has closed the
 * last one. Nothing is normalised, so that odd paths and headers arrive as they are.
 */
export class RawClient {
  readonly #open: () => Promise<Duplex>;
  #connection: Connection | undefined;

  constructor(open: () => Promise<Duplex>) {
    this.#open = open;
  }

  async send(request: RawRequest): Promise<RawResponse> {
    const reused = this.#connection?.usable === true;
    const response = await this.#once(request);
    // A server may close an idle connection at any time: what it never answered is sent again, once.
    return response.kind === 'ended' && reused ? this.#once(request) : response;
  }

  close(): void {
    this.#connection?.stream.destroy();
    this.#connection = undefined;
  }

  async #once(request: RawRequest): Promise<RawResponse> {
    if (this.#connection?.usable !== true) {
      this.close();
      try {
        this.#connection = new Connection(await this.#open());
      } catch (error) {
        return { kind: 'ended', reason: error instanceof Error ? error.message : String(error) };
      }
    }
    return this.#connection.exchange(request);
  }
}

class Connection {
  readonly stream: Duplex;
  usable = true;
  #buffer = '';
  #ended: string | undefined;
  #wake: () => void = () => {};

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.#buffer += chunk.toString('latin1');
      this.#wake();
    });
    const end = (reason: string) => {
      this.usable = false;
      this.#ended ??= reason;
      this.#wake();
    };
    stream.on('error', (error) => end(error.message));
    stream.on('end', () => end('end of stream'));
    stream.on('close', () => end('closed'));
  }

  async exchange({ method, path, headers }: RawRequest): Promise<RawResponse> {
    const lines = [`${method} ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
    this.stream.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
    const timer = setTimeout(() => this.stream.destroy(new Error('no response in time')), responseMillis);
    try {
      return await this.#response(method);
    } finally {
      clearTimeout(timer);
    }
  }

  async #response(method: string): Promise<RawResponse> {
    const head = await this.#until('\r\n\r\n');
    if (head === undefined) return { kind: 'ended', reason: this.#ended ?? 'ended' };
    const [first = '', ...fields] = head.split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
    if (Number.isNaN(status)) return { kind: 'ended', reason: `not HTTP/1.1: ${first}` };
    const headers = new Map(
      fields.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    if (headers.get('connection')?.toLowerCase() === 'close') this.usable = false;
    const body = method === 'HEAD' || status === 204 || status === 304 ? '' : await this.#body(headers);
    if (body === undefined) return { kind: 'ended', reason: 'the body is cut short' };
    return { kind: 'response', status, headers, body };
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<string | undefined> {
    if (headers.get('transfer-encoding') === 'chunked') return this.#chunks();
    const length = headers.get('content-length');
    if (length !== undefined) return this.#take(Number(length));
    this.usable = false;
    while (this.#ended === undefined) await this.#more();
    return this.#buffer;
  }

  async #chunks(): Promise<string | undefined> {
    let body = '';
    for (;;) {
      const size = await this.#until('\r\n');
      if (size === undefined) return undefined;
      const chunk = await this.#take(Number.parseInt(size, 16) + 2);
      if (chunk === undefined) return undefined;
      if (chunk === '\r\n') return body;
      body += chunk.slice(0, -2);
    }
  }

  async #until(mark: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#buffer.indexOf(mark);
      if (at >= 0) {
        const found = this.#buffer.slice(0, at);
        this.#buffer = this.#buffer.slice(at + mark.length);
        return found;
      }
      if (this.#ended !== undefined) return undefined;
      await this.#more();
    }
  }

  async #take(length: number): Promise<string | undefined> {
    while (this.#buffer.length < length) {
      if (this.#ended !== undefined) return undefined;
      await this.#more();
    }
    const taken = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return taken;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
