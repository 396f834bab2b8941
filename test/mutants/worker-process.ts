import { type ChildProcess, fork } from 'node:child_process';
import type { Answer, Question } from './protocol.ts';

/** Why there is no answer. */
export type Ended = 'it does not end' | 'it ends the process';

const startMillis = 300_000;

/** A worker that is started again when a fault has stopped it. */
export class WorkerProcess {
  readonly #target: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  /** The folder has `worker.ts`, and `hooks.ts`, which puts the faults in. */
  constructor(target: string, folder = 'test/mutants') {
    this.#target = target;
    this.#folder = folder;
  }

  async ask(question: Question, millis: number): Promise<Answer | Ended> {
    const child = this.#child ?? (await this.#start());
    child.send(question);
    return this.#answer(child, millis);
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  async #start(): Promise<ChildProcess> {
    const child = fork(`${this.#folder}/worker.ts`, [this.#target], {
      execArgv: ['--disable-warning=ExperimentalWarning', '--import', `./${this.#folder}/hooks.ts`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child = child;
    const first = await this.#answer(child, startMillis);
    if (typeof first === 'string') throw new Error(`the worker does not start: ${first}`);
    return child;
  }

  #answer(child: ChildProcess, millis: number): Promise<Answer | Ended> {
    return new Promise((resolve) => {
      const done = (answer: Answer | Ended) => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (typeof answer === 'string') this.stop();
        resolve(answer);
      };
      const timer = setTimeout(() => done('it does not end'), millis);
      child.once('message', (answer) => done(answer as Answer));
      child.once('exit', () => done('it ends the process'));
    });
  }
}
