const aliases = ['main', 'other', 'third'] as const;

/** What a case calls a namespace. */
export type NamespaceAlias = (typeof aliases)[number];

/** Namespace names have at most 63 characters; so many are left for the case. */
const longestSlug = 50;

/** The namespaces of one case, which no other case has. */
export class CaseNamespaces {
  readonly #slug: string;
  readonly #used = new Set<NamespaceAlias>(['main']);

  constructor(caseName: string) {
    this.#slug = caseName.replaceAll(/[^a-z0-9]+/g, '-').slice(0, longestSlug);
  }

  of(alias: NamespaceAlias): string {
    this.#used.add(alias);
    return alias === 'main' ? `smi-${this.#slug}` : `smi-${this.#slug}-${alias}`;
  }

  get used(): readonly string[] {
    return [...this.#used].map((alias) => this.of(alias));
  }

  /** `NAME`, `other/NAME`, `third/NAME` as namespace and name. */
  split(written: string): { readonly namespace: string; readonly name: string } {
    const [first = '', second] = written.split('/');
    if (second === undefined) return { namespace: this.of('main'), name: first };
    return { namespace: this.of(first as NamespaceAlias), name: second };
  }

  /** `NAMESPACE/NAME` of such a name. */
  id(written: string): string {
    const { namespace, name } = this.split(written);
    return `${namespace}/${name}`;
  }

  /** Puts names in the place of `$main`, `$other`, `$third` and `$version` in every text of a value, keys included. */
  fill<T>(value: T, version: string | undefined): T {
    return fillIn(value, (text) =>
      text.replaceAll(/\$(main|other|third|version)\b/g, (whole, name: NamespaceAlias | 'version') => {
        if (name === 'version') return version ?? whole;
        return this.of(name);
      }),
    ) as T;
  }
}

function fillIn(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((item) => fillIn(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [replace(key), fillIn(item, replace)]));
}
