import { request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { closest } from '../lib/suggest.ts';
import { isRecord } from '../lib/values.ts';

/** Which cluster is meant: a context of a kubeconfig, each the user's own when absent. */
export interface ClusterOptions {
  readonly context?: string;
  /** A file; absent: `KUBECONFIG`, `~/.kube/config`, or the account of the pod that this runs in. */
  readonly kubeconfig?: string;
  /** How long one answer of the apiserver may take, in milliseconds; 15 000 unless told otherwise. */
  readonly answerTimeout?: number;
}

export interface Connection {
  /** The name of the context. */
  readonly context: string;
  /** The parsed body of a 200. SMI1010 for everything else, with what the apiserver said. Never throws. */
  get(path: string): Promise<Result<unknown, ClusterFault>>;
}

export interface ClusterFault {
  readonly diagnostic: Diagnostic;
  /** Absent when no answer came. */
  readonly status?: number;
}

/** How long credentials may take, in milliseconds: an `exec` plug-in may have to ask its provider. */
const credentialsTimeout = 60_000;
const defaultAnswerTimeout = 15_000;
/** Largest answer that is read, in bytes; lists come in pages. */
const answerLimit = 64 * 1024 * 1024;

/** Finds the cluster and the credentials; nothing is asked of the cluster yet. SMI1010 when either is missing. */
export async function connect(options: ClusterOptions): Promise<Result<Connection, ClusterFault>> {
  const loaded = loadConfig(options);
  if (!loaded.ok) return loaded;
  const config = loaded.value;
  const context = config.getCurrentContext();
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || !URL.canParse(server)) {
    return fault(`context "${context}" of the kubeconfig names no cluster with a usable address`);
  }
  const credentials: RequestOptions = {};
  try {
    await within(credentialsTimeout, config.applyToHTTPSOptions(credentials));
  } catch (error) {
    return fault(`there are no credentials for context "${context}": ${sentence(error)}`);
  }
  const { answerTimeout = defaultAnswerTimeout } = options;
  return ok({ context, get: (path) => get(server, path, credentials, answerTimeout) });
}

function loadConfig({ context, kubeconfig }: ClusterOptions): Result<KubeConfig, ClusterFault> {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    return fault(`the kubeconfig cannot be read: ${sentence(error)}`);
  }
  // What the library assumes when it finds nothing, which no kubeconfig of a person says.
  if (config.getCurrentContext() === 'loaded-context') return fault('no kubeconfig was found');
  const names = config.getContexts().map(({ name }) => name);
  const wanted = context ?? config.getCurrentContext();
  if (wanted === undefined || wanted === '') return fault('the kubeconfig has no current context');
  if (!names.includes(wanted)) {
    const near = closest(wanted, names);
    const known = near === undefined ? `it has ${names.join(', ') || 'none'}` : `did you mean "${near}"?`;
    return fault(`the kubeconfig has no context "${wanted}"; ${known}`);
  }
  config.setCurrentContext(wanted);
  return ok(config);
}

function get(
  server: string,
  path: string,
  credentials: RequestOptions,
  timeout: number,
): Promise<Result<unknown, ClusterFault>> {
  const base = server.endsWith('/') ? server : `${server}/`;
  const url = new URL(path.replace(/^\//, ''), base);
  return new Promise((resolve) => {
    const settle = (result: Result<unknown, ClusterFault>) => {
      clearTimeout(timer);
      resolve(result);
    };
    const unreachable = (error: unknown) =>
      settle(fault(`the apiserver at ${server} cannot be reached: ${sentence(error)}`));
    const headers = { ...credentials.headers, accept: 'application/json' };
    const send = url.protocol === 'http:' ? plainRequest : tlsRequest;
    const sent = send(url, { ...credentials, method: 'GET', headers }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > answerLimit) sent.destroy(new Error(`its answer has more than ${answerLimit} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', unreachable);
      response.on('end', () => {
        settle(answer(path, response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
      });
    });
    sent.on('error', unreachable);
    // Counted from the start of the request: an answer that only trickles in must end too.
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeout / 1000} s`)), timeout);
    sent.end();
  });
}

function answer(path: string, status: number, text: string): Result<unknown, ClusterFault> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return fault(`the apiserver answers GET ${path} with ${status} and no JSON`, status);
  }
  if (status === 200) return ok(body);
  const message = isRecord(body) && typeof body.message === 'string' ? body.message : 'no reason given';
  return fault(`the apiserver answers GET ${path} with ${status}: ${message}`, status);
}

function fault(message: string, status?: number): { readonly ok: false; readonly error: ClusterFault } {
  const found = diagnostic('SMI1010', { message, ...(status === 403 ? { hint: forbiddenHint } : {}) });
  return err({ diagnostic: found, ...(status === undefined ? {} : { status }) });
}

const forbiddenHint = 'Let this user list the objects that routing and policy depend on, in all namespaces.';

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Errors of Node's sockets that try several addresses have no message of their own. */
function sentence(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(sentence).join('; ');
  return error instanceof Error ? error.message : String(error);
}
