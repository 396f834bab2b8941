import { limits } from '../limits.ts';
import type { RequestPolicy } from './request-policy.ts';

/** Whether a layer covers a request; undefined: it covers all. */
export type Coverage<Request> = ((request: Request) => boolean) | undefined;

/** A choice between the requests that a layer covers and the others; grows with what is seen. */
interface Node {
  covered: Node | undefined;
  others: Node | undefined;
  policy: RequestPolicy | undefined;
}

/**
 * The policies of a service where they differ by request. Each combination of layers is merged when a request first needs
 * it, and remembered: from then on the policy costs its matches alone.
 */
export class PolicyTable<Request> {
  readonly #coverage: readonly Coverage<Request>[];
  readonly #conditions: readonly ((request: Request) => boolean)[];
  readonly #merge: (layers: readonly number[]) => RequestPolicy;
  readonly #root = emptyNode();
  #nodes = 1;

  /** `coverage` of each layer, from the most specific to the least; `merge` makes one policy of some of them, by index. */
  constructor(coverage: readonly Coverage<Request>[], merge: (layers: readonly number[]) => RequestPolicy) {
    this.#coverage = coverage;
    this.#conditions = coverage.filter((covers) => covers !== undefined);
    this.#merge = merge;
  }

  /** The policy that all requests have; undefined where it differs. */
  common(): RequestPolicy | undefined {
    return this.#conditions.length === 0 ? this.#merge(this.#coverage.map((_, index) => index)) : undefined;
  }

  select(request: Request): RequestPolicy {
    let node = this.#root;
    for (const covers of this.#conditions) {
      const covered = covers(request);
      let next: Node | undefined = covered ? node.covered : node.others;
      if (next === undefined) {
        if (this.#nodes >= limits.policyCombinations) return this.#mergeFor(request);
        this.#nodes++;
        next = emptyNode();
        if (covered) node.covered = next;
        else node.others = next;
      }
      node = next;
    }
    node.policy ??= this.#mergeFor(request);
    return node.policy;
  }

  #mergeFor(request: Request): RequestPolicy {
    const layers = this.#coverage.flatMap((covers, index) => (covers === undefined || covers(request) ? [index] : []));
    return this.#merge(layers);
  }
}

function emptyNode(): Node {
  return { covered: undefined, others: undefined, policy: undefined };
}
