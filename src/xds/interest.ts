/** The name by which a client asks for every resource of a type ("xDS protocol", wildcard subscriptions). */
export const wildcardName = '*';

/** What a client asks for of one resource type. */
export class Interest {
  /** Whether it ever named something, the wildcard included; without, it asks for everything. */
  named = false;
  wildcard = false;
  readonly explicit = new Set<string>();

  /** What it asks for in its own words. */
  get names(): readonly string[] {
    return this.wildcard && this.named ? [wildcardName, ...this.explicit] : [...this.explicit];
  }

  covers(name: string): boolean {
    return this.wildcard || this.explicit.has(name);
  }

  /** Whether it says this name. */
  says(name: string): boolean {
    return name === wildcardName ? this.wildcard && this.named : this.explicit.has(name);
  }
}
