import { isDeepStrictEqual } from 'node:util';
import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { compareText, nonEmpty } from '../../lib/collections.ts';
import { Table } from '../../lib/incremental/table.ts';
import { compileRe2 } from '../../lib/re2.ts';
import type { HeaderMatch, HttpMatch, MeshSettings, PathMatch } from '../../model/types.ts';
import type { HTTPRouteGroup, RouteMatch } from '../../smi/types.ts';
import type { GroupMatches, PassContext } from '../state.ts';
import { at } from '../state.ts';

/** The matches of every HTTPRouteGroup in the model's terms. A group with an error is reported and matches nothing. */
export function resolveMatches(context: PassContext): Table<string, GroupMatches> {
  const { routeGroups } = context.input;
  const compute = (id: string) => {
    const group = routeGroups.get(id);
    return group && groupMatches(group, context);
  };
  // The order says which is asked first.
  return new Table(context.graph, [routeGroups], compute, (a, b) => isDeepStrictEqual([...a], [...b]));
}

function groupMatches(group: HTTPRouteGroup, context: PassContext): GroupMatches {
  if (group.matches.length === 0) {
    context.report(
      diagnostic('SMI4023', {
        message: `HTTPRouteGroup ${group.meta.namespace}/${group.meta.name} has no matches`,
        origin: at(group, 'spec.matches'),
      }),
    );
  }
  const seen = new Set<string>();
  const found = new Map<string, HttpMatch>();
  let faulty = false;
  for (const [position, match] of group.matches.entries()) {
    const path = `spec.matches[${position}]`;
    if (seen.has(match.name)) {
      context.report(
        diagnostic('SMI4017', {
          message: `another match of the group is named "${match.name}"`,
          origin: at(group, `${path}.name`),
        }),
      );
      faulty = true;
      continue;
    }
    seen.add(match.name);
    const resolved = new MatchReader(group, path, context).read(match);
    if (resolved === undefined) faulty = true;
    else found.set(match.name, resolved);
  }
  return faulty ? new Map() : found;
}

/** Reads one match, remembering which of its fields say something. */
class MatchReader {
  readonly #group: HTTPRouteGroup;
  readonly #path: string;
  readonly #context: PassContext;
  readonly #origins: Origin[] = [];
  #usable = true;

  constructor(group: HTTPRouteGroup, path: string, context: PassContext) {
    this.#group = group;
    this.#path = path;
    this.#context = context;
  }

  read(match: RouteMatch): HttpMatch | undefined {
    const path = this.#pathMatch(match.pathRegex);
    const methods = this.#methods(match.methods);
    const headers = this.#headers(match.headers ?? {});
    const origins = this.#origins.length > 0 ? this.#origins : [at(this.#group, this.#path)];
    return this.#usable ? { methods, path, headers, origins } : undefined;
  }

  #pathMatch(expression: string | undefined): 'any' | PathMatch {
    if (expression === undefined || expression === '') return 'any';
    const field = 'pathRegex';
    this.#says(field);
    const re2 = anchored(expression, this.#context.pathRegexMode(this.#group.meta.namespace));
    this.#check([expression, re2], field, expression);
    return { kind: 'regex', re2 };
  }

  #methods(methods: readonly string[] | undefined): HttpMatch['methods'] {
    const named = nonEmpty([...new Set(methods ?? [])].sort(compareText));
    if (named === undefined) return 'any';
    this.#says('methods');
    return named.includes('*') ? 'any' : named;
  }

  #headers(headers: Readonly<Record<string, string>>): HttpMatch['headers'] {
    if (Object.keys(headers).length > 0) this.#says('headers');
    const read = Object.entries(headers).map(([name, re2]): HeaderMatch => {
      this.#check([re2], 'headers', re2);
      const lower = name.toLowerCase();
      return { name: lower === 'host' ? ':authority' : lower, re2 };
    });
    return nonEmpty(read.sort((a, b) => compareText(a.name, b.name) || compareText(a.re2, b.re2))) ?? 'any';
  }

  #says(field: string): void {
    this.#origins.push(at(this.#group, `${this.#path}.${field}`));
  }

  /** The expression is compiled as written too: brackets must not close what stands around it. */
  #check(expressions: readonly string[], field: string, written: string): void {
    for (const expression of expressions) {
      const compiled = compileRe2(expression);
      if (compiled.ok) continue;
      this.#usable = false;
      this.#report('SMI4016', `"${written}" is not usable: ${compiled.error}`, field);
      return;
    }
  }

  #report(code: DiagnosticCode, message: string, field: string): void {
    this.#context.report(diagnostic(code, { message, origin: at(this.#group, `${this.#path}.${field}`) }));
  }
}

/** `spec`: the expression must match from the start of the path; `full`: it must match all of it. */
function anchored(expression: string, mode: MeshSettings['pathRegexMode']): string {
  return mode === 'full' ? `(?:${expression})` : `(?:${expression})(?s:.*)`;
}
