import { createHash } from 'node:crypto';
import type { Connection } from '../kubernetes-client/connect.ts';
import { type Fields, isRecord } from '../lib/values.ts';

/** What a token says of its bearer, once the apiserver has vouched for it. */
export interface ProvenPod {
  readonly namespace: string;
  readonly account: string;
  /** The pod that the token is bound to. */
  readonly pod: string;
  readonly uid: string;
}

export type Review =
  | ({ readonly kind: 'proven' } & ProvenPod)
  | { readonly kind: 'refused'; readonly because: string }
  /** Nobody could say; to be asked again later. */
  | { readonly kind: 'unavailable'; readonly because: string };

export interface TokenReviewerOptions {
  readonly connection: Pick<Connection, 'send'>;
  readonly audience: string;
  /** Milliseconds since 1970; the system's unless told otherwise. */
  readonly clock?: () => number;
}

/** How long an answer counts: short, since a pod or an account that is deleted loses its token at once. */
const rememberedMillis = 10_000;
const mostRemembered = 2_000;
/** Reviews under way at the same time; callers beyond that are to come again. */
const mostPending = 100;
/** Longest token that is looked at, in characters. */
const longestToken = 8 * 1024;

const path = '/apis/authentication.k8s.io/v1/tokenreviews';
const userPattern = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/;
const podName = 'authentication.kubernetes.io/pod-name';
const podUid = 'authentication.kubernetes.io/pod-uid';

/**
 * Asks the apiserver who bears a service account token. Only tokens for the audience that are bound to a pod prove anything.
 * Answers are remembered for seconds under the hash of the token; that no answer came is not remembered.
 */
export class TokenReviewer {
  readonly #options: TokenReviewerOptions;
  readonly #clock: () => number;
  readonly #remembered = new Map<string, { readonly review: Review; readonly until: number }>();
  readonly #pending = new Map<string, Promise<Review>>();

  constructor(options: TokenReviewerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  async review(token: string): Promise<Review> {
    if (token.length > longestToken) return refused('the token is too long');
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.#remembered.get(hash);
    if (known !== undefined && this.#clock() < known.until) return known.review;
    const pending = this.#pending.get(hash);
    if (pending !== undefined) return await pending;
    if (this.#pending.size >= mostPending) return unavailable('too many tokens are being reviewed');
    const asked = this.#ask(token).finally(() => this.#pending.delete(hash));
    this.#pending.set(hash, asked);
    const review = await asked;
    if (review.kind !== 'unavailable') this.#remember(hash, review);
    return review;
  }

  async #ask(token: string): Promise<Review> {
    const { connection, audience } = this.#options;
    const answer = await connection.send('POST', path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    });
    if (!answer.ok) return unavailable(answer.error.diagnostic.message);
    const status = fields(fields(answer.value).status);
    const { authenticated, audiences, error } = status;
    if (authenticated !== true) {
      return refused(typeof error === 'string' && error !== '' ? error : 'the apiserver does not know the token');
    }
    if (!Array.isArray(audiences) || !audiences.includes(audience)) return refused(`it is not for "${audience}"`);
    return bearer(fields(status.user));
  }

  #remember(hash: string, review: Review): void {
    this.#remembered.delete(hash);
    this.#remembered.set(hash, { review, until: this.#clock() + rememberedMillis });
    for (const [oldest] of this.#remembered) {
      if (this.#remembered.size <= mostRemembered) break;
      this.#remembered.delete(oldest);
    }
  }
}

function bearer({ username, extra }: Fields): Review {
  const [, namespace, account] = userPattern.exec(typeof username === 'string' ? username : '') ?? [];
  if (namespace === undefined || account === undefined) return refused('it is not of a service account');
  const [pod, uid] = [only(fields(extra)[podName]), only(fields(extra)[podUid])];
  if (pod === undefined || uid === undefined) return refused('it is not bound to a pod');
  return { kind: 'proven', namespace, account, pod, uid };
}

/** The only element of a list of texts. */
function only(value: unknown): string | undefined {
  return Array.isArray(value) && value.length === 1 && typeof value[0] === 'string' ? value[0] : undefined;
}

function fields(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function refused(because: string): Review {
  return { kind: 'refused', because };
}

function unavailable(because: string): Review {
  return { kind: 'unavailable', because };
}
