import { normalizePath } from '../../lib/http-path.ts';
import type { HttpRequest } from '../../model/decision.ts';

type Http = Omit<HttpRequest, 'from' | 'to' | 'kind'>;

/** What is nearly this request: each path, method and header that differs from its own by a little. */
export function* neighbours(request: Http, methods: readonly string[]): Generator<Http> {
  for (const path of pathsNear(request.path)) yield { ...request, path };
  for (const method of methods) if (method !== request.method) yield { ...request, method };
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value !== 'string') continue;
    const { [name]: _, ...others } = request.headers;
    if (name !== 'host') yield { ...request, headers: others };
    for (const near of valuesNear(value, name === 'host')) {
      yield { ...request, headers: { ...others, [name]: near } };
    }
  }
}

/** Methods that a rule may tell apart from one that it names: others, other letters, and one that nobody knows. */
export function methodsNear(named: readonly string[]): readonly string[] {
  return [...new Set([...named, ...named.map((method) => method.toLowerCase()), 'GET', 'POST', 'DELETE', 'BREW'])];
}

/** Paths in normal form, with one octet more, less or changed at either end and in the middle, and with a query. */
function pathsNear(path: string): readonly string[] {
  const middle = Math.ceil(path.length / 2);
  const elements = path.split('/');
  const near = [
    ...['x', '0', '/', '/x', '/0', '.', '-', '%20'].map((more) => path + more),
    path.slice(0, -1),
    `${path.slice(0, -1)}~`,
    `/x${path}`,
    `/x${path.slice(1)}`,
    `/${path.slice(2)}`,
    `${path.slice(0, middle)}x${path.slice(middle)}`,
    path.slice(0, middle) + path.slice(middle + 1),
    path.toUpperCase(),
    elements.slice(0, -1).join('/'),
    '/',
  ];
  return [...new Set(near.filter((one) => one !== path && isNormal(one))), `${path}?x=${path}`];
}

function isNormal(path: string): boolean {
  const normal = normalizePath(path);
  return normal.ok && normal.value.path === path;
}

function valuesNear(value: string, isHost: boolean): readonly (string | readonly string[])[] {
  const near = [value.toUpperCase(), value.toLowerCase(), `${value}x`, `x${value}`, value.slice(0, -1), value.slice(1)];
  const other = near.filter((one) => one !== value && one !== '');
  // Repeated Host headers are a matter of the protocol, not of rules.
  return isHost ? other : [...other, `${value},${value}`, [value, value], [value, 'x'], ['x', value]];
}
