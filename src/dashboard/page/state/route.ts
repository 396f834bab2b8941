import { computed, signal } from '@preact/signals';
import { percentDecoded } from '../../../lib/percent-encoding.ts';

/** What the address says after `#`: `/splits/default/bookstore?window=1m`. Everything that a view shows is in it, so that it can be shared. */
export interface Route {
  readonly view: string;
  /** What is selected, in parts. */
  readonly about: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
}

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [view = '', ...about] = path.split('/').map(percentDecoded);
  return { view: view === '' ? 'topology' : view, about, parameters: Object.fromEntries(new URLSearchParams(query)) };
}

const current = signal(parse(location.hash));
addEventListener('hashchange', () => {
  current.value = parse(location.hash);
});

export const route = computed(() => current.value);
export const windowText = computed(() => current.value.parameters.window ?? '30s');

/** The address of a view. The window goes along; other parameters are those given. */
export function hrefOf(
  view: string,
  about: readonly string[] = [],
  parameters: Readonly<Record<string, string>> = {},
): string {
  const { window } = current.value.parameters;
  return hashOf({ view, about, parameters: { ...parameters, ...(window === undefined ? {} : { window }) } });
}

/** Goes where the current view shows something else; an empty value takes a parameter away. */
export function show(change: Readonly<Record<string, string>>): void {
  const { view, about, parameters } = current.value;
  const hash = hashOf({ view, about, parameters: { ...parameters, ...change } });
  history.replaceState(null, '', hash);
  current.value = parse(hash);
}

function hashOf({ view, about, parameters }: Route): string {
  const query = new URLSearchParams(parameters);
  for (const [name, value] of [...query]) if (value === '') query.delete(name);
  const text = query.toString();
  return `#/${[view, ...about].map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

export function parameter(name: string): string {
  return current.value.parameters[name] ?? '';
}
