import { compareText } from '../../../src/lib/collections.ts';
import type { HttpMatch } from '../../../src/model/types.ts';
import { type Condition, everyRequest, type HeaderCondition, maxHeaders } from './condition.ts';
import { headerConditions } from './headers.ts';
import type { LossList } from './losses.ts';
import { pathConditions } from './paths.ts';
import type { RouteStyle } from './style.ts';

/** HTTPMethod. */
const methodsOfApi: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
];

export function isMethodOfApi(method: string): boolean {
  return methodsOfApi.includes(method);
}

export interface MatchContext {
  readonly style: RouteStyle;
  readonly losses: LossList;
}

/** The conditions of which one must hold for a request to match, as far as the API has words for them. */
export function conditionsOf(match: HttpMatch | 'any', context: MatchContext): readonly Condition[] {
  if (match === 'any') return [everyRequest];
  const reader = new MatchReader(match, context);
  return reader
    .methods()
    .flatMap((method) =>
      reader
        .headers()
        .flatMap((headers) =>
          reader.paths().map((path) => ({ path, ...(method === undefined ? {} : { method }), headers })),
        ),
    );
}

class MatchReader {
  readonly #match: HttpMatch;
  readonly #context: MatchContext;

  constructor(match: HttpMatch, context: MatchContext) {
    this.#match = match;
    this.#context = context;
  }

  /** A match has one method, or asks for none. */
  methods(): readonly (string | undefined)[] {
    const { methods } = this.#match;
    if (methods === 'any') return [undefined];
    for (const method of methods.filter((name) => !isMethodOfApi(name))) {
      this.#lost('match-method', `no match can ask for the method ${method}`);
    }
    return methods.filter(isMethodOfApi);
  }

  paths(): readonly Condition['path'][] {
    const { path } = this.#match;
    const conditions = pathConditions(path);
    if (conditions === undefined) {
      this.#lost('match-path-regex', `no match can hold the path expression ${textOf(path)}`);
      return [];
    }
    return conditions.filter(({ type, value }) => type !== 'RegularExpression' || this.#mayUse(value, 'path'));
  }

  /** Of each header one condition, in all combinations of their alternatives. */
  headers(): readonly (readonly HeaderCondition[])[] {
    const asked = this.#match.headers === 'any' ? [] : this.#match.headers;
    const names = new Set(asked.map(({ name }) => (name === ':authority' ? 'host' : name)));
    if (asked.length > maxHeaders || names.size < asked.length) {
      const what = names.size < asked.length ? 'one header with several expressions' : `${asked.length} headers`;
      this.#lost('match-header-regex', `no match can ask for ${what}`);
      return [];
    }
    let combined: readonly (readonly HeaderCondition[])[] = [[]];
    for (const header of asked) {
      const alternatives = headerConditions(header);
      if (alternatives === undefined) {
        this.#lost(
          'match-header-regex',
          `no match can ask for ${JSON.stringify(header.re2)} in the header ${header.name}`,
        );
        return [];
      }
      const usable = alternatives.filter(
        ({ type, value }) => type !== 'RegularExpression' || this.#mayUse(value, 'header'),
      );
      combined = combined.flatMap((chosen) => usable.map((alternative) => [...chosen, alternative]));
    }
    return combined.map((headers) => headers.toSorted((a, b) => compareText(a.name, b.name)));
  }

  #mayUse(expression: string, where: 'path' | 'header'): boolean {
    const { regex } = this.#context.style;
    if (regex === 're2') return true;
    const feature = where === 'path' ? 'match-path-regex' : 'match-header-regex';
    if (regex === 'refuse') {
      this.#lost(feature, `${expression} would be a RegularExpression`);
      return false;
    }
    const text = `${expression} is a RegularExpression: its dialect and its rank are the implementation's`;
    this.#context.losses.add({ feature, kind: 'changed', text, origins: this.#match.origins });
    return true;
  }

  #lost(feature: 'match-method' | 'match-path-regex' | 'match-header-regex', why: string): void {
    const text = `${why}: what only this match takes goes by the rules behind it`;
    this.#context.losses.add({ feature, kind: 'dropped', text, origins: this.#match.origins });
  }
}

function textOf(path: HttpMatch['path']): string {
  if (path === 'any') return 'any';
  return path.kind === 'regex' ? path.re2 : path.value;
}
