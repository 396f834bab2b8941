import { request } from 'node:https';
import type { ClusterAccess } from './access.ts';

export interface ApiAnswer {
  readonly status: number;
  /** The parsed body: an object, a list, or a Status that says what was wrong. */
  readonly body: ApiObject;
  /** Sentences of the `Warning` headers. */
  readonly warnings: readonly string[];
}

/** What the apiserver sends; tests look at some fields of it. */
export type ApiObject = Readonly<Record<string, unknown>> & {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly message?: string;
};

export interface ApiClient {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  post(path: string, body: unknown): Promise<ApiAnswer>;
  put(path: string, body: unknown): Promise<ApiAnswer>;
  /** A JSON merge patch (RFC 7386). */
  patch(path: string, body: unknown): Promise<ApiAnswer>;
  delete(path: string): Promise<ApiAnswer>;
}

const timeout = 30_000;

export function adminOf({ url, ca, adminToken }: ClusterAccess): ApiClient {
  return apiClient(url, ca, adminToken);
}

/** A client of one user; every answer is a value, a connection that fails is an error. */
export function apiClient(url: string, ca: string, token: string): ApiClient {
  const send = (method: string, path: string, headers: Readonly<Record<string, string>>, body?: unknown) =>
    new Promise<ApiAnswer>((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent = request(
        new URL(path, url),
        {
          method,
          ca,
          timeout,
          headers: {
            accept: 'application/json',
            authorization: `Bearer ${token}`,
            ...(text === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
        },
        (response) => {
          let received = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            received += chunk;
          });
          response.on('error', reject);
          response.on('end', () => {
            resolve({
              status: response.statusCode ?? 0,
              body: parsed(received),
              warnings: warningTexts(response.headers.warning),
            });
          });
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} took more than ${timeout} ms`)));
      sent.on('error', reject);
      sent.end(text);
    });
  return {
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, body) => send('POST', path, {}, body),
    put: (path, body) => send('PUT', path, {}, body),
    patch: (path, body) => send('PATCH', path, { 'content-type': 'application/merge-patch+json' }, body),
    delete: (path) => send('DELETE', path, {}),
  };
}

function parsed(text: string): ApiObject {
  try {
    return JSON.parse(text) as ApiObject;
  } catch {
    return { message: text };
  }
}

/** `299 - "unknown field \"spec.x\""`, several joined by commas. */
function warningTexts(header: string | string[] | undefined): readonly string[] {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...text.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, sentence = '']) => sentence.replace(/\\(.)/g, '$1'));
}
