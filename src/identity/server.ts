import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Connection } from '../kubernetes-client/connect.ts';
import { type SpiffeId, spiffeId } from '../lib/spiffe.ts';
import { AccountRate } from './account-rate.ts';
import { type Authority, defaultLifetimeSeconds } from './authority.ts';
import { bodyLimit, certificatePath, parseQuestion } from './contract.ts';
import { readRequest } from './request.ts';
import { startServerCertificate } from './server-certificate.ts';
import { type Review, TokenReviewer } from './token-review.ts';

export interface IdentityServerOptions {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly authority: Authority;
  /** Of the apiserver that knows the tokens. */
  readonly connection: Pick<Connection, 'send'>;
  readonly audience: string;
  /** What the server presents, and nobody else may have. */
  readonly identity: SpiffeId;
  /** Host names by which callers reach it. */
  readonly hosts: readonly string[];
  readonly svidLifetimeSeconds?: number;
  /** Certificates for one account: so many a second, and so many at once. */
  readonly accountRate?: { readonly perSecond: number; readonly burst: number };
  /** Milliseconds since 1970; the system's unless told otherwise. */
  readonly clock?: () => number;
  readonly onEvent?: (event: IdentityEvent) => void;
}

export type IdentityOutcome =
  | 'issued'
  | 'bad-request'
  | 'token-refused'
  /** A good token, and no right to what it asks for. */
  | 'forbidden'
  | 'limited'
  /** Nobody could say whether the token is good. */
  | 'unavailable'
  | 'failed';

export interface IdentityEvent {
  readonly outcome: IdentityOutcome;
  /** `NAMESPACE/POD`, as far as the token proves it. */
  readonly pod?: string;
  readonly identity?: SpiffeId;
  readonly because?: string;
}

export interface IdentityServer {
  readonly port: number;
  /** Answers so far, by outcome. */
  counters(): Readonly<Record<IdentityOutcome, number>>;
  close(): Promise<void>;
}

const defaultRate = { perSecond: 50, burst: 500 } as const;
const retrySeconds = 2;
const mostConnections = 2_000;
/** Of one request, from its first byte to the end of its answer; in milliseconds. */
const requestTimeout = 20_000;
const closePatience = 5_000;

/**
 * Gives pods certificates: `POST /v1/certificate` with a service account token that is bound to the pod. The identity is that of
 * the token's account; the names in the request are ignored. Rejects when the address cannot be bound.
 */
export async function startIdentityServer(options: IdentityServerOptions): Promise<IdentityServer> {
  const answers = new Answers(options);
  const server = createServer({
    minVersion: 'TLSv1.3',
    requestTimeout,
    headersTimeout: requestTimeout / 2,
    keepAliveTimeout: requestTimeout / 4,
    handshakeTimeout: requestTimeout / 2,
    maxHeaderSize: 16 * 1024,
  });
  server.maxConnections = mostConnections;
  server.on('request', (request, response) => void answers.answer(request, response));
  const { authority, identity, hosts, svidLifetimeSeconds: lifetimeSeconds = defaultLifetimeSeconds } = options;
  const certificate = await startServerCertificate({
    authority,
    identity,
    hosts,
    lifetimeSeconds,
    use: ({ certificateChain, privateKey }) => server.setSecureContext({ cert: certificateChain, key: privateKey }),
  });
  try {
    await listen(server, options);
  } catch (error) {
    certificate.stop();
    throw error;
  }
  return {
    port: (server.address() as AddressInfo).port,
    counters: () => answers.counters,
    close: async () => {
      certificate.stop();
      await closed(server);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly event: IdentityEvent;
  readonly body?: object;
}

class Answers {
  readonly counters: Record<IdentityOutcome, number> = {
    issued: 0,
    'bad-request': 0,
    'token-refused': 0,
    forbidden: 0,
    limited: 0,
    unavailable: 0,
    failed: 0,
  };
  readonly #options: IdentityServerOptions;
  readonly #reviewer: TokenReviewer;
  readonly #rate: AccountRate;

  constructor(options: IdentityServerOptions) {
    this.#options = options;
    const clock = options.clock ?? Date.now;
    this.#reviewer = new TokenReviewer({ ...options, clock });
    this.#rate = new AccountRate({ ...(options.accountRate ?? defaultRate), clock });
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#decide(request);
    } catch (error) {
      answer = refusal(500, 'failed', `no certificate could be made: ${(error as Error).message}`);
    }
    const { status, event, body } = answer;
    this.counters[event.outcome] += 1;
    this.#options.onEvent?.(event);
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    response.setHeader('cache-control', 'no-store');
    if (status === 401) response.setHeader('www-authenticate', 'Bearer');
    if (status === 429 || status === 503) response.setHeader('retry-after', String(retrySeconds));
    // What was not read of the question must not be taken for the next one.
    if (!request.complete) response.setHeader('connection', 'close');
    response.end(JSON.stringify(body ?? { error: event.because }));
  }

  async #decide(request: IncomingMessage): Promise<Answer> {
    if (request.url !== certificatePath) return refusal(404, 'bad-request', `ask at ${certificatePath}`);
    if (request.method !== 'POST') return refusal(405, 'bad-request', 'ask by POST');
    const [, token] = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) return refusal(401, 'token-refused', 'a bearer token is needed');
    const text = await bodyOf(request);
    if (text === undefined) return refusal(413, 'bad-request', `the body has more than ${bodyLimit} bytes`);
    const question = parseQuestion(text);
    if (!question.ok) return refusal(400, 'bad-request', question.error);
    const asked = await readRequest(question.value.request);
    if (!asked.ok) return refusal(400, 'bad-request', asked.error);
    const review = await this.#reviewer.review(token);
    if (review.kind === 'unavailable') return refusal(503, 'unavailable', review.because);
    if (review.kind === 'refused') return refusal(401, 'token-refused', `the token is refused: ${review.because}`);
    const refused = this.#forbidden(review, question.value.pod);
    if (refused !== undefined) return refused;
    return await this.#issue(review, asked.value);
  }

  #forbidden(review: ProvenReview, claimed: string): Answer | undefined {
    const { pod, namespace, account } = review;
    const who = { pod: `${namespace}/${pod}`, identity: this.#identityOf(review) };
    if (pod !== claimed) return refusal(403, 'forbidden', 'the token is of another pod', who);
    if (who.identity === this.#options.identity) {
      return refusal(403, 'forbidden', 'this is the identity of the control plane', who);
    }
    if (this.#rate.take(`${namespace}/${account}`)) return undefined;
    return refusal(429, 'limited', `too many certificates for the account ${namespace}/${account} at once`, who);
  }

  async #issue(review: ProvenReview, request: Parameters<Authority['signRequest']>[0]): Promise<Answer> {
    const { authority, svidLifetimeSeconds: lifetimeSeconds = defaultLifetimeSeconds } = this.#options;
    const identity = this.#identityOf(review);
    const body = await authority.signRequest(request, identity, { lifetimeSeconds });
    return { status: 200, event: { outcome: 'issued', pod: `${review.namespace}/${review.pod}`, identity }, body };
  }

  #identityOf({ namespace, account }: ProvenReview): SpiffeId {
    return spiffeId(this.#options.authority.trustDomain, namespace, account);
  }
}

type ProvenReview = Extract<Review, { readonly kind: 'proven' }>;

function refusal(
  status: number,
  outcome: IdentityOutcome,
  because: string,
  who: { readonly pod?: string; readonly identity?: SpiffeId } = {},
): Answer {
  return { status, event: { outcome, because, ...who } };
}

/** The whole body; nothing when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function listen(server: Server, { port, address }: IdentityServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** What is being answered is answered, within bounds. */
async function closed(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), closePatience);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}
