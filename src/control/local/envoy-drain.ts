import { setTimeout as pause } from 'node:timers/promises';
import { ask, tell } from './metrics-scrape.ts';

const askAgainMillis = 50;

/** Lets what is under way in an Envoy end, within so many milliseconds; `address` is that of its admin endpoint. */
export async function drainEnvoy(address: string, millis: number): Promise<void> {
  const end = performance.now() + millis;
  if ((await tell(address, '/drain_listeners?graceful&skip_exit')) === undefined) return;
  while (performance.now() < end && !(await isIdle(address))) await pause(askAgainMillis);
}

async function isIdle(address: string): Promise<boolean> {
  const text = await ask(address, '/stats?filter=downstream_(rq|cx)_active');
  // Connections without a request under way may be between two requests; those of TCP are under way as long as they are open.
  return text === undefined || !/(?:downstream_rq_active|^tcp\..*downstream_cx_active): [1-9]/m.test(text);
}
