import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Answer {
  /** 0 when the connection failed or ended without an answer. */
  readonly status: number;
  readonly body: string;
}

const answerMillis = 10_000;

/** One request on a connection of its own; nothing is tried again. */
export function ask(address: string, port: number, path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const failed = () => resolve({ status: 0, body: '' });
    const request = get({ host: address, port, path, agent: false, timeout: answerMillis }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', failed);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', failed);
  });
}

/** Sends requests one after another until it is stopped, and counts what is not answered 200. */
export class SteadyClient {
  sent = 0;
  readonly failures: Answer[] = [];
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(address: string, port: number, path: string) {
    this.#running = this.#run(address, port, path);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(address: string, port: number, path: string): Promise<void> {
    while (!this.#stopped) {
      const answer = await ask(address, port, path);
      this.sent += 1;
      if (answer.status !== 200) this.failures.push(answer);
      await pause(10);
    }
  }
}
