import type { Connection } from '../../kubernetes-client/connect.ts';
import { isRecord } from '../../lib/values.ts';
import { apiGroup } from './contract.ts';
import type { ResourcePath } from './paths.ts';
import type { ApiUser } from './request-header.ts';

export type Access =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly because: string }
  /** Nobody could say. */
  | { readonly kind: 'unavailable'; readonly because: string };

const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
/** How long an answer counts, in milliseconds: rights that are taken away are gone soon. */
const rememberedMillis = 10_000;
const mostRemembered = 4_096;
const mostPending = 100;

/** Asks the apiserver whether a user may ask a question. */
export class AccessReviewer {
  readonly #connection: Pick<Connection, 'send'>;
  readonly #now: () => number;
  readonly #remembered = new Map<string, { readonly access: Access; readonly until: number }>();
  readonly #pending = new Map<string, Promise<Access>>();

  constructor(connection: Pick<Connection, 'send'>, now: () => number = Date.now) {
    this.#connection = connection;
    this.#now = now;
  }

  async review(user: ApiUser, question: ResourcePath): Promise<Access> {
    const spec = {
      user: user.name,
      groups: user.groups,
      ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
      resourceAttributes: attributesOf(question),
    };
    const key = JSON.stringify(spec);
    const known = this.#remembered.get(key);
    if (known !== undefined && this.#now() < known.until) return known.access;
    const pending = this.#pending.get(key);
    if (pending !== undefined) return await pending;
    if (this.#pending.size >= mostPending)
      return { kind: 'unavailable', because: 'too many rights are being reviewed' };
    const asked = this.#ask(spec).finally(() => this.#pending.delete(key));
    this.#pending.set(key, asked);
    const access = await asked;
    if (access.kind !== 'unavailable') this.#remember(key, access);
    return access;
  }

  async #ask(spec: object): Promise<Access> {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
    const answer = await this.#connection.send('POST', path, review);
    if (!answer.ok) return { kind: 'unavailable', because: answer.error.diagnostic.message };
    const status = isRecord(answer.value) && isRecord(answer.value.status) ? answer.value.status : {};
    if (status.allowed === true) return { kind: 'allowed' };
    return { kind: 'refused', because: typeof status.reason === 'string' ? status.reason : '' };
  }

  #remember(key: string, access: Access): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, { access, until: this.#now() + rememberedMillis });
    if (this.#remembered.size <= mostRemembered) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

/**
 * As the apiserver itself reads the path, so that one right is enough: below `namespaces/NAME` it sees the namespace NAME, and `edges`
 * there as a resource in it.
 */
function attributesOf({ kind, version, plural, namespace, name }: ResourcePath): Readonly<Record<string, string>> {
  const common = { group: apiGroup, version };
  if (plural === 'namespaces' && kind === 'edges')
    return { ...common, verb: 'list', resource: 'edges', namespace: name };
  return {
    ...common,
    verb: kind === 'list' ? 'list' : 'get',
    resource: plural,
    ...(kind === 'edges' ? { subresource: 'edges' } : {}),
    ...(plural === 'namespaces' && kind !== 'list'
      ? { namespace: name }
      : namespace === undefined
        ? {}
        : { namespace }),
    ...(name === '' ? {} : { name }),
  };
}
