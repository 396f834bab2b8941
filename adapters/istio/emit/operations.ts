import type { HttpMatch, InboundPolicy } from '../../../src/adapter/index.ts';
import { headerPatterns, isLiteral, pathPatterns } from './literals.ts';
import type { Fields } from './object.ts';

/** A kind of request, as AuthorizationPolicy says it: an operation together with conditions. */
export interface Operation {
  readonly operation: Fields;
  readonly when: readonly Fields[];
}

/** What a header's value is called in conditions. */
export type HeaderKey = string;

/** Headers that hold claims of tokens: what a client writes there itself proves nothing. */
export function claimsOf({ policies }: Pick<InboundPolicy, 'policies'>): ReadonlyMap<string, HeaderKey> {
  const providers = (policies ?? []).flatMap(({ fields }) => fields.authentication?.jwt ?? []);
  return new Map(
    providers.flatMap(({ claimHeaders }) =>
      Object.entries(claimHeaders).map(([claim, header]) => [header, `request.auth.claims[${claim}]`] as const),
    ),
  );
}

export interface Operations {
  /** Nothing that the match does not mean; none where it cannot be said at all. */
  readonly operations: readonly Operation[];
  readonly exact: boolean;
}

/** Requests of a match at some ports. They always ask for something of HTTP, so that other bytes never are what they mean. */
export function operationsOf(
  { methods, path, headers }: HttpMatch,
  ports: readonly string[],
  claims: ReadonlyMap<string, HeaderKey>,
): Operations {
  const sayable = methods === 'any' ? [] : methods.filter(isLiteral);
  const paths = path === 'any' ? { values: ['*'], exact: true } : pathPatterns(path);
  // A claim that is a list, or whose words stand for themselves, is matched by any part of it: the header holds it as a whole.
  const conditions = (headers === 'any' ? [] : headers).flatMap(({ name, re2 }) => {
    const claim = claims.get(name);
    const keys = [...(claim === undefined ? [] : [claim]), `request.headers[${name}]`];
    return keys.map((key) => ({ key, ...headerPatterns(re2) }));
  });
  const exact =
    paths.exact && conditions.every((one) => one.exact) && (methods === 'any' || sayable.length === methods.length);
  const nothing =
    paths.values.length === 0 ||
    (methods !== 'any' && sayable.length === 0) ||
    conditions.some(({ values }) => values.length === 0);
  if (nothing) return { operations: [], exact };
  const operation = { ports, ...(methods === 'any' ? {} : { methods: sayable }), paths: paths.values };
  return { operations: [{ operation, when: conditions.map(({ key, values }) => ({ key, values })) }], exact };
}
