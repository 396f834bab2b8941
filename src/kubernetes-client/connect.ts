import type { IncomingMessage, RequestOptions } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { err, ok, type Result } from '../lib/result.ts';
import { loadConfiguration } from './configuration.ts';
import { Credentials } from './credentials.ts';
import { type ClusterFault, fault } from './fault.ts';
import { ask, openAnswer } from './http.ts';

/** Which cluster is meant: a context of a kubeconfig, each the user's own when absent. */
export interface ClusterOptions {
  readonly context?: string;
  /** A file; absent: `KUBECONFIG`, `~/.kube/config`, or the account of the pod that this runs in. */
  readonly kubeconfig?: string;
  /** How long one answer of the apiserver may take, in milliseconds; 15 000 unless told otherwise. */
  readonly answerTimeout?: number;
}

export interface GetOptions {
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Another user in whose name it is asked, which this user must be allowed to do. */
  readonly as?: string;
}

export interface SendOptions {
  /** `application/json` unless told otherwise; for PATCH, which kind of patch. */
  readonly contentType?: string;
  /** In milliseconds; that of the connection unless told otherwise. */
  readonly timeout?: number;
}

/** Requests to one apiserver in the name of one user. Credentials are read again as they rotate. Nothing here throws. */
export interface Connection {
  /** The name of the context. */
  readonly context: string;
  /** The parsed body of a 2xx answer. SMI1010 for everything else, with what the apiserver said. */
  get(path: string, options?: GetOptions): Promise<ApiResult>;
  /** The same for requests that write. Never tried twice. */
  send(method: string, path: string, body?: unknown, options?: SendOptions): Promise<ApiResult>;
}

/** A connection on which answers can be read as they come. */
export interface StreamingConnection extends Connection {
  readonly config: KubeConfig;
  /** The answer of a GET whose body the caller reads, and destroys. */
  open(path: string, options: OpenOptions): Promise<Result<IncomingMessage, ClusterFault>>;
}

export interface OpenOptions {
  readonly accept: string;
  /** Ends the answer, whether it has begun or not. */
  readonly signal: AbortSignal;
}

export type ApiResult = Result<unknown, ClusterFault>;

const defaultAnswerTimeout = 15_000;

/** Finds the cluster and the credentials; nothing is asked of the cluster yet. SMI1010 when either is missing. */
export async function connect(options: ClusterOptions): Promise<Result<StreamingConnection, ClusterFault>> {
  const loaded = loadConfiguration(options.context, options.kubeconfig);
  if (!loaded.ok) return loaded;
  const config = loaded.value;
  const context = config.getCurrentContext();
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || !URL.canParse(server)) {
    return err(fault(`context "${context}" of the kubeconfig names no cluster with a usable address`));
  }
  const credentials = new Credentials(config);
  const first = await credentials.current();
  if (!first.ok) return first;
  const { answerTimeout = defaultAnswerTimeout } = options;
  const authorized = <T>(request: (options: RequestOptions) => Promise<Result<T, ClusterFault>>) =>
    withCredentials(credentials, request);
  return ok({
    context,
    config,
    get: (path, { accept, signal, as } = {}) =>
      authorized((auth) =>
        ask(server, auth, { method: 'GET', path, timeout: answerTimeout, ...given({ accept, signal, as }) }),
      ),
    send: (method, path, body, { contentType, timeout = answerTimeout } = {}) =>
      authorized((auth) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        return ask(server, auth, { method, path, timeout, ...given({ body: text, contentType }) });
      }),
    open: (path, { accept, signal }) =>
      authorized((auth) => openAnswer(server, auth, { method: 'GET', path, accept, signal, timeout: answerTimeout })),
  });
}

/** A request that is refused because a token has just been replaced is made once more: it cannot have done anything. */
async function withCredentials<T>(
  credentials: Credentials,
  request: (options: RequestOptions) => Promise<Result<T, ClusterFault>>,
): Promise<Result<T, ClusterFault>> {
  for (let attempt = 1; ; attempt += 1) {
    const options = await credentials.current();
    if (!options.ok) return options;
    const result = await request(options.value);
    if (result.ok || result.error.status !== 401) return result;
    credentials.expire();
    if (attempt === 2) return result;
  }
}

/** Without the fields that are absent. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
