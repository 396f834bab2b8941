import type { RefusedResource } from './contract.ts';
import type { XdsResource } from './view.ts';

export interface Blamed {
  /** The refused resources, as far as they are known. */
  readonly names: readonly string[];
  /** Whether it is these that are at fault: they stay away until their content changes. */
  readonly certain: boolean;
  /** When it is one for certain: the version that was refused, and the one that the client keeps, if it has one. */
  readonly version?: string;
  readonly kept?: string;
}

/** So many refusals in a row are the search for resources at fault; after that each one is waited for longer. */
const freeRefusals = 20;
const maxDelayFactor = 64;

interface Refused extends RefusedResource {
  readonly attempts: number;
  /** What is valid may be refused for a reason that passes, such as an address in use. */
  readonly retryAt: number;
}

/**
 * Finds the resource at fault in refused responses. What was refused is sent again in groups until one resource is left:
 * first those that the client's message names, otherwise halves.
 */
export class Blame {
  readonly #refused = new Map<string, Refused>();
  /** Groups of names among which one is at fault; sent one group at a time, before everything else. */
  #suspects: readonly (readonly string[])[] = [];
  readonly #delayMillis: number;
  readonly #retryMillis: number;
  #inARow = 0;
  #resumeAt = 0;

  constructor(delayMillis: number, retryMillis: number) {
    this.#delayMillis = delayMillis;
    this.#retryMillis = retryMillis;
  }

  get refused(): ReadonlyMap<string, RefusedResource> {
    return this.#refused;
  }

  /** When a refused resource is tried again; nothing where none is refused. */
  get retryAt(): number | undefined {
    if (this.#refused.size === 0) return undefined;
    return [...this.#refused.values()].reduce((earliest, { retryAt }) => Math.min(earliest, retryAt), Infinity);
  }

  /** When something may be sent again; in the past unless the client refuses one response after the other. */
  get resumeAt(): number {
    return this.#resumeAt;
  }

  keepsAway({ name, version }: XdsResource): boolean {
    const refused = this.#refused.get(name);
    return refused?.version === version && Date.now() < refused.retryAt;
  }

  forget(name: string): void {
    this.#refused.delete(name);
  }

  accept(): void {
    this.#inARow = 0;
  }

  /** Nothing else is found out about these: each is at fault. */
  convict(resources: readonly XdsResource[], detail: string): void {
    const now = Date.now();
    for (const { name, version } of resources) {
      const before = this.#refused.get(name);
      const { attempts, since } = before?.version === version ? before : { attempts: 0, since: now };
      const retryAt = now + this.#retryMillis * Math.min(2 ** attempts, maxDelayFactor);
      this.#refused.set(name, { name, version, since, detail, attempts: attempts + 1, retryAt });
    }
  }

  /** Counts a refusal, and narrows the search. */
  refuse(resources: readonly XdsResource[], detail: string): Blamed {
    this.#inARow += 1;
    const delays = this.#inARow - freeRefusals;
    if (delays > 0) {
      this.#resumeAt = Date.now() + this.#delayMillis * Math.min(2 ** (delays - 1), maxDelayFactor);
    }
    const names = resources.map(({ name }) => name);
    if (resources.length === 1) this.convict(resources, detail);
    else if (resources.length > 1) this.#suspects = [...splitSuspects(names, detail), ...this.#suspects];
    return { names, certain: resources.length === 1 };
  }

  /** The group to be sent next; groups of which nothing can be sent any more are settled. */
  nextGroup(canBeSent: (name: string) => boolean): readonly string[] | undefined {
    // Alone, so that it holds nothing else up when it is refused again.
    for (const name of this.#refused.keys()) if (canBeSent(name)) return [name];
    while (this.#suspects[0]?.some(canBeSent) === false) this.#suspects = this.#suspects.slice(1);
    return this.#suspects[0];
  }
}

/** Those of the names that stand in a text as whole words. */
export function mentioned(names: readonly string[], text: string): readonly string[] {
  return names.filter((name) => {
    for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
      if (!isNamePart(text[at - 1]) && !isNamePart(text[at + name.length])) return true;
    }
    return false;
  });
}

function isNamePart(character: string | undefined): boolean {
  return character !== undefined && /[\w/-]/.test(character);
}

function splitSuspects(names: readonly string[], detail: string): readonly (readonly string[])[] {
  const named = new Set(mentioned(names, detail));
  if (named.size > 0 && named.size < names.length) return [[...named], names.filter((name) => !named.has(name))];
  const middle = Math.ceil(names.length / 2);
  return [names.slice(0, middle), names.slice(middle)];
}
