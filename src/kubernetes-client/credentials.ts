import type { RequestOptions } from 'node:http';
import { Agent } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { KubeConfig } from '@kubernetes/client-node';
import { err, ok, type Result } from '../lib/result.ts';
import { type ClusterFault, fault, sentence } from './fault.ts';

/** How long credentials may take, in milliseconds: an `exec` plug-in may have to ask its provider. */
const patience = 60_000;
/** Credentials are asked for again after this time, in milliseconds: tokens that are mounted into pods rotate. */
const freshFor = 30_000;

const tlsFields = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

/** What requests to the apiserver carry, kept up to date, with connections that are used again. */
export class Credentials {
  readonly #config: KubeConfig;
  #options: RequestOptions | undefined;
  #pending: Promise<Result<RequestOptions, ClusterFault>> | undefined;
  #agent: { readonly tls: object; readonly agent: Agent } | undefined;
  #readAt = 0;

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  async current(): Promise<Result<RequestOptions, ClusterFault>> {
    if (this.#options !== undefined && performance.now() - this.#readAt < freshFor) return ok(this.#options);
    this.#pending ??= this.#read().finally(() => {
      this.#pending = undefined;
    });
    return await this.#pending;
  }

  /** To be called when the apiserver does not know who asks. */
  expire(): void {
    this.#options = undefined;
  }

  async #read(): Promise<Result<RequestOptions, ClusterFault>> {
    const options: RequestOptions = {};
    try {
      await within(patience, this.#config.applyToHTTPSOptions(options));
    } catch (error) {
      const context = this.#config.getCurrentContext();
      return err(fault(`there are no credentials for context "${context}": ${sentence(error)}`));
    }
    this.#options = { ...options, agent: this.#agentFor(options) };
    this.#readAt = performance.now();
    return ok(this.#options);
  }

  /** The library's agent closes every connection, and holds on to certificates that have been replaced. */
  #agentFor(options: RequestOptions): RequestOptions['agent'] {
    // A proxy's agent is another class.
    if (!(options.agent instanceof Agent) || options.agent.constructor !== Agent) return options.agent;
    const given: Readonly<Record<string, unknown>> = { ...options };
    const tls = Object.fromEntries(
      tlsFields.flatMap((field) => (given[field] === undefined ? [] : [[field, given[field]]])),
    );
    if (this.#agent === undefined || !isDeepStrictEqual(this.#agent.tls, tls)) {
      this.#agent = { tls, agent: new Agent({ ...tls, keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 4 }) };
    }
    return this.#agent.agent;
  }
}

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
