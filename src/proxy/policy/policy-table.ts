import { limits } from '../limits.ts';
import type { RequestPolicy } from './request-policy.ts';

/** One layer: which requests it covers; undefined for all. */
export interface CompiledLayer<Request> {
  readonly covers: ((request: Request) => boolean) | undefined;
}

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
export class PolicyTable<Request, Layer extends CompiledLayer<Request>> {
  readonly #layers: readonly Layer[];
  readonly #conditional: readonly Layer[];
  readonly #merge: (layers: readonly Layer[]) => RequestPolicy;
  readonly #root = emptyNode();
  #nodes = 1;

  /** From the most specific layer to the least. */
  constructor(layers: readonly Layer[], merge: (layers: readonly Layer[]) => RequestPolicy) {
    this.#layers = layers;
    this.#conditional = layers.filter(({ covers }) => covers !== undefined);
    this.#merge = merge;
  }

  /** The policy that all requests have; undefined where it differs. */
  get common(): RequestPolicy | undefined {
    return this.#conditional.length === 0 ? this.select(undefined as never) : undefined;
  }

  select(request: Request): RequestPolicy {
    let node = this.#root;
    for (const layer of this.#conditional) {
      const covered = layer.covers!(request);
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
    return this.#merge(this.#layers.filter(({ covers }) => covers === undefined || covers(request)));
  }
}

function emptyNode(): Node {
  return { covered: undefined, others: undefined, policy: undefined };
}
