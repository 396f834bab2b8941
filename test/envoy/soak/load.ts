import { Agent, request } from 'node:http';

export interface Failure {
  readonly at: number;
  readonly what: string;
}

/** A client that never tries again, at a steady rate over some connections. */
export class Load {
  readonly failures: Failure[] = [];
  readonly #target: { readonly host: string; readonly port: number };
  readonly #agent: Agent;
  readonly #times: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #underWay = 0;
  #sent = 0;
  #startedAt = 0;

  constructor(host: string, port: number, connections: number) {
    this.#target = { host, port };
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Requests that were answered 200, and how long they took, in milliseconds, ascending. */
  get times(): readonly number[] {
    return this.#times.toSorted((a, b) => a - b);
  }

  get answered(): number {
    return this.#times.length + this.failures.length;
  }

  start(perSecond: number): void {
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - this.#startedAt) / 1000) * perSecond);
      // What cannot be sent now is not sent later in one go.
      for (; this.#sent < due; this.#sent += 1) if (this.#underWay < 200) this.#send();
    }, 5);
  }

  /** Settles when the last answer is there. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const limit = performance.now() + 30_000;
    while (this.#underWay > 0 && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#agent.destroy();
  }

  #send(): void {
    const begun = performance.now();
    this.#underWay += 1;
    const end = (what?: string) => {
      this.#underWay -= 1;
      if (what === undefined) this.#times.push(performance.now() - begun);
      else this.failures.push({ at: performance.now(), what });
    };
    let isOver = false;
    const once = (what?: string) => {
      if (!isOver) end(what);
      isOver = true;
    };
    const outgoing = request(
      { ...this.#target, agent: this.#agent, path: '/', headers: { host: 'shop' }, timeout: 30_000 },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.once('end', () =>
          once(response.statusCode === 200 ? undefined : `${response.statusCode} ${body.slice(0, 200)}`),
        );
        response.once('error', (error) => once(error.message));
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in 30 s')));
    outgoing.once('error', (error) => once(error.message));
    outgoing.end();
  }
}
