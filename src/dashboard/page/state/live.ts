import { effect, signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

/** Counts what the control plane tells: that something changed, and every two seconds for what always does. */
const beat = signal(0);
/** Whether it tells that; since when it does not, in milliseconds since the epoch; nothing while that is not known yet. */
export const connection = signal<'live' | { readonly lostAt: number } | undefined>(undefined);

const firstRetryMillis = 2_000;
const longestRetryMillis = 15_000;
const answerMillis = 20_000;

export function listen(): void {
  let wait = firstRetryMillis;
  const turn = () => {
    connection.value = 'live';
    if (document.visibilityState === 'visible') beat.value += 1;
  };
  const open = () => {
    const events = new EventSource('/api/events');
    events.addEventListener('open', () => {
      wait = firstRetryMillis;
      turn();
    });
    events.addEventListener('changed', turn);
    events.addEventListener('tick', turn);
    events.addEventListener('error', () => {
      if (connection.value === undefined || connection.value === 'live') connection.value = { lostAt: Date.now() };
      // Browsers come back by themselves, unless somebody answered that there are no events.
      if (events.readyState !== EventSource.CLOSED) return;
      setTimeout(() => {
        beat.value += 1;
        open();
      }, wait);
      wait = Math.min(longestRetryMillis, 2 * wait);
    });
  };
  open();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') beat.value += 1;
  });
}

export interface Loaded<T> {
  readonly data?: T;
  readonly error?: string;
}

interface Read<T> extends Loaded<T> {
  readonly path?: string;
  readonly text?: string;
}

/**
 * The JSON at a path, read again at every beat, or where it never changes by itself until there is an answer. What is there stays until there
 * is something else.
 */
export function useJson<T>(path: string | undefined, live = true): Loaded<T> {
  const [loaded, setLoaded] = useState<Read<T>>({});
  useEffect(() => {
    if (path === undefined) return undefined;
    return follow(
      path,
      live,
      (text) => {
        setLoaded((before) => {
          if (before.path !== path || before.text !== text) return { path, text, data: JSON.parse(text) as T };
          const { error, ...same } = before;
          return error === undefined ? before : same;
        });
      },
      (error) => setLoaded((before) => ({ ...(before.path === path ? before : { path }), error })),
    );
  }, [path, live]);
  return loaded.path === path ? loaded : {};
}

/** Reads one time after the other, however fast beats come: an answer that takes longer than a beat shall arrive. */
function follow(path: string, live: boolean, take: (text: string) => void, fail: (error: string) => void): () => void {
  const gone = new AbortController();
  let [busy, stale, over] = [false, false, false];
  const read = async () => {
    busy = true;
    do {
      stale = false;
      try {
        take(await readText(path, gone.signal));
        over = !live;
      } catch (error) {
        if (!gone.signal.aborted) fail(error instanceof Error ? error.message : String(error));
      }
    } while (stale && !over && !gone.signal.aborted);
    busy = false;
  };
  const stop = effect(() => {
    if (beat.value >= 0 && !over) {
      stale = true;
      if (!busy) void read();
    }
  });
  return () => {
    stop();
    gone.abort();
  };
}

async function readText(path: string, gone: AbortSignal): Promise<string> {
  const late = AbortSignal.timeout(answerMillis);
  try {
    const response = await fetch(path, {
      signal: AbortSignal.any([gone, late]),
      headers: { accept: 'application/json' },
    });
    const text = await response.text();
    if (response.ok) return text;
    throw new Error(errorOf(text) ?? `status ${response.status}`);
  } catch (error) {
    if (late.aborted) throw new Error(`no answer within ${answerMillis / 1_000} s`);
    // What browsers say of a server that is not there.
    if (error instanceof TypeError) throw new Error('the server of this page does not answer');
    throw error;
  }
}

export function errorOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}
