import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { err, type Result } from '../../lib/result.ts';
import { decodeAnswer, type PromSeries } from './decode.ts';

export interface PrometheusOptions {
  /** Where it is, with the path before `/api/v1`, if any. */
  readonly url: string;
  /** A file with a bearer token, read for each question: others may renew it. */
  readonly tokenFile?: string;
  /** PEM of the authorities that its certificate is checked against, instead of the system's. */
  readonly caFile?: string;
}

const timeoutMillis = 10_000;
const maxBytes = 48 * 1024 * 1024;
const path = 'api/v1/query';

/** Asks a Prometheus, or what speaks its HTTP API. Every answer has a bound and comes in time, or is an error. */
export class PrometheusClient {
  readonly #options: PrometheusOptions;
  readonly #target: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(options: PrometheusOptions) {
    this.#options = options;
    this.#target = new URL(path, options.url.endsWith('/') ? options.url : `${options.url}/`);
    const settings = { keepAlive: true, maxSockets: 8, timeout: 30_000 };
    this.#agent = this.#target.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings);
  }

  /** The value of an expression at a time, in milliseconds since 1970. The error is a sentence. */
  async query(expression: string, at: number): Promise<Result<readonly PromSeries[], string>> {
    const body = new URLSearchParams({ query: expression, time: String(at / 1000) }).toString();
    let secrets: { readonly token?: string; readonly ca?: string };
    try {
      secrets = this.#secrets();
    } catch (error) {
      return err((error as Error).message);
    }
    const answer = await this.#post(body, secrets);
    if (answer.ok) return decodeAnswer(answer.value);
    return err(`${this.#target.origin} ${answer.error}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #secrets() {
    const { tokenFile, caFile } = this.#options;
    return {
      ...(tokenFile === undefined ? {} : { token: readFileSync(tokenFile, 'utf8').trim() }),
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
    };
  }

  #post(
    body: string,
    { token, ca }: { readonly token?: string; readonly ca?: string },
  ): Promise<Result<string, string>> {
    const secure = this.#target.protocol === 'https:';
    const options = {
      method: 'POST',
      agent: this.#agent,
      signal: AbortSignal.timeout(timeoutMillis),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(ca === undefined ? {} : { ca }),
    };
    return new Promise((resolve) => {
      const failed = (error: Error) =>
        resolve(
          err(
            error.name === 'AbortError' || error.name === 'TimeoutError'
              ? `does not answer within ${timeoutMillis / 1000} s`
              : `cannot be asked: ${error.message}`,
          ),
        );
      const sent = (secure ? httpsRequest : httpRequest)(this.#target, options, (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on('data', (piece: Buffer) => {
          bytes += piece.length;
          pieces.push(piece);
          if (bytes > maxBytes) response.destroy(new Error(`the answer has more than ${maxBytes >> 20} MiB`));
        });
        response.once('error', failed);
        response.once('end', () => {
          const text = Buffer.concat(pieces).toString('utf8');
          const { statusCode = 0 } = response;
          if (statusCode === 200) resolve({ ok: true, value: text });
          else resolve(err(`answers with status ${statusCode}${reasonIn(text)}`));
        });
      });
      sent.once('error', failed);
      sent.end(body);
    });
  }
}

/** What a refusal says, if it is one of Prometheus. */
function reasonIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? `: ${error.slice(0, 200)}` : '';
  } catch {
    return '';
  }
}
