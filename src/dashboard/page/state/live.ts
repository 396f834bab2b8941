import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

/** Counts what the control plane tells: that something changed, and every two seconds for what always does. */
const beat = signal(0);
export const connected = signal<boolean | undefined>(undefined);

export function listen(): void {
  const events = new EventSource('/api/events');
  const turn = () => {
    connected.value = true;
    if (document.visibilityState === 'visible') beat.value += 1;
  };
  events.addEventListener('open', turn);
  events.addEventListener('changed', turn);
  events.addEventListener('tick', turn);
  events.addEventListener('error', () => {
    connected.value = false;
  });
  document.addEventListener('visibilitychange', turn);
}

export interface Loaded<T> {
  readonly data?: T;
  readonly error?: string;
}

/** The JSON at a path, read again at every beat unless it never changes by itself; what is there stays until there is something else. */
export function useJson<T>(path: string | undefined, live = true): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T> & { readonly path?: string; readonly text?: string }>({});
  const now = live ? beat.value : 0;
  // A beat reads again.
  useEffect(() => {
    if (path === undefined) return undefined;
    const gone = new AbortController();
    readText(path, gone.signal).then(
      (text) =>
        setLoaded((before) =>
          before.path === path && before.text === text ? before : { path, text, data: JSON.parse(text) as T },
        ),
      (error: Error) => {
        if (!gone.signal.aborted)
          setLoaded((before) => ({ ...(before.path === path ? before : { path }), error: error.message }));
      },
    );
    return () => gone.abort();
  }, [path, now]);
  return loaded.path === path ? loaded : {};
}

async function readText(path: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(path, { signal, headers: { accept: 'application/json' } });
  const text = await response.text();
  if (response.ok) return text;
  throw new Error(errorOf(text) ?? `status ${response.status}`);
}

export function errorOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}
