/**
 * What the documentation of Gateway API says of HTTPRoutes for one Service of their own namespace, read literally and
 * without a thought for speed. It shares nothing with src/gateway. Where the API leaves the place of regular expressions to
 * implementations, it follows docs/import.md.
 */
export interface WrittenRoute {
  readonly name: string;
  readonly created?: string;
  readonly rules: readonly WrittenRule[];
}

export interface WrittenRule {
  readonly matches?: readonly WrittenMatch[];
  readonly backendRefs?: readonly { readonly name: string; readonly port: number; readonly weight?: number }[];
}

export interface WrittenMatch {
  readonly path?: { readonly type?: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string };
  readonly method?: string;
  readonly headers?: readonly {
    readonly name: string;
    readonly type?: 'Exact' | 'RegularExpression';
    readonly value: string;
  }[];
}

export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The status of a request that no backend gets, or the shares of those that do. */
export type Interpreted = 404 | 500 | Readonly<Record<string, number>>;

export function interpret(routes: readonly WrittenRoute[], request: AskedRequest): Interpreted {
  const found = routes.flatMap((route) =>
    route.rules.flatMap((rule, index) =>
      (rule.matches ?? [{}]).filter((match) => holds(match, request)).map((match) => ({ route, rule, index, match })),
    ),
  );
  const [best] = found.sort((a, b) => before(a.match, b.match) || older(a.route, b.route) || a.index - b.index);
  if (best === undefined) return 404;
  const shares: Record<string, number> = {};
  for (const { name, weight = 1 } of best.rule.backendRefs ?? []) {
    if (weight > 0) shares[name] = (shares[name] ?? 0) + weight;
  }
  return Object.keys(shares).length === 0 ? 500 : shares;
}

function holds({ path = { value: '/' }, method, headers = [] }: WrittenMatch, request: AskedRequest): boolean {
  if (method !== undefined && method !== request.method) return false;
  if (!pathHolds(path, request.path)) return false;
  return headers.every(({ name, type, value }) => {
    const sent = request.headers[name.toLowerCase()];
    if (sent === undefined) return false;
    return type === 'RegularExpression' ? new RegExp(`^(?:${value})$`).test(sent) : sent === value;
  });
}

function pathHolds({ type = 'PathPrefix', value }: NonNullable<WrittenMatch['path']>, path: string): boolean {
  if (type === 'Exact') return path === value;
  if (type === 'RegularExpression') return new RegExp(`^(?:${value})$`).test(path);
  const wanted = elements(value);
  return wanted.every((element, index) => elements(path)[index] === element);
}

/** A trailing slash is ignored. */
function elements(path: string): readonly string[] {
  const parts = path.split('/').slice(1);
  return parts.at(-1) === '' ? parts.slice(0, -1) : parts;
}

function before(a: WrittenMatch, b: WrittenMatch): number {
  const kinds = ['Exact', 'RegularExpression', 'PathPrefix'];
  const kind = ({ path }: WrittenMatch) => kinds.indexOf(path?.type ?? 'PathPrefix');
  const length = (match: WrittenMatch) => (kind(match) > 0 ? (match.path?.value ?? '/').length : 0);
  return (
    kind(a) - kind(b) ||
    length(b) - length(a) ||
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    (b.headers?.length ?? 0) - (a.headers?.length ?? 0)
  );
}

/** A route of a file has no creation time, and counts as older than those that have one. */
function older(a: WrittenRoute, b: WrittenRoute): number {
  const times = [a.created ?? '', b.created ?? ''] as const;
  if (times[0] !== times[1]) return times[0] < times[1] ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
