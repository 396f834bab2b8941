import type { Origin } from '../diagnostics/origin.ts';

/** The origins of parts of the model and of everything within them, each once, in the order in which they stand. */
export function originsWithin(...parts: readonly unknown[]): readonly Origin[] {
  const found = new Map<string, Origin>();
  for (const part of parts) collect(part, found);
  return [...found.values()];
}

function collect(value: unknown, found: Map<string, Origin>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    if (key !== 'origins') collect(part, found);
    else for (const origin of part as readonly Origin[]) found.set(`${origin.object} ${origin.path}`, origin);
  }
}

/** Each place once, in the order in which they stand first. */
export function uniqueOrigins(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map((origin) => [`${origin.object} ${origin.path}`, origin])).values()];
}
