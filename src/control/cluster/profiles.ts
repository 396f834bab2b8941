import type { ServerResponse } from 'node:http';
import { Session } from 'node:inspector/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapSnapshot } from 'node:v8';
import { sendText } from './http-endpoint.ts';

const mostSeconds = 60;
const usualSeconds = 10;

/**
 * `/profile/cpu?seconds=N` and `/profile/heap`: files for the tools of Chrome. One at a time, since both slow the process
 * down, and a heap snapshot holds it up for a moment.
 */
export class Profiles {
  #busy = false;

  /** Whether the path is one of these. */
  answers(path: string): boolean {
    return path === '/profile/cpu' || path === '/profile/heap';
  }

  async answer(path: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const seconds = Number(query.get('seconds') ?? usualSeconds);
    if (!(seconds > 0 && seconds <= mostSeconds)) {
      return sendText(response, 400, 'text/plain', `seconds must be a number up to ${mostSeconds}\n`);
    }
    if (this.#busy) return sendText(response, 429, 'text/plain', 'a profile is being made\n');
    this.#busy = true;
    try {
      if (path === '/profile/heap') {
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        await pipeline(getHeapSnapshot(), response);
      } else {
        sendText(response, 200, 'application/json', await cpuProfile(seconds));
      }
    } finally {
      this.#busy = false;
    }
  }
}

async function cpuProfile(seconds: number): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await delay(seconds * 1000);
    const { profile } = await session.post('Profiler.stop');
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
}
