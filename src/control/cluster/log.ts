import type { LogLevel } from '../../config/controller/types.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** Says one thing in one line of JSON. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export function createLog(level: LogLevel, write: (line: string) => void): Log {
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (levels.indexOf(own) < levels.indexOf(level)) return;
      write(`${JSON.stringify({ time: new Date().toISOString(), level: own, message, ...fields })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** How often something that goes on may be said again, in milliseconds. */
const repeatInterval = 60_000;
const remembered = 500;

/** Says of a thing that goes on only that it began, and from time to time that it still does. */
export class Repeated {
  readonly #said = new Map<string, number>();

  /** Whether it is to be said now. */
  isNews(text: string, now = performance.now()): boolean {
    const last = this.#said.get(text);
    if (last !== undefined && now - last < repeatInterval) return false;
    this.#said.delete(text);
    this.#said.set(text, now);
    const oldest = this.#said.keys().next();
    if (this.#said.size > remembered && !oldest.done) this.#said.delete(oldest.value);
    return true;
  }

  forget(): void {
    this.#said.clear();
  }
}
