import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Answer, Question } from './protocol.ts';

/** Why there is no answer. */
export type Ended = 'it does not end' | 'it ends the process';

const startMillis = 600_000;

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

  /** `processor`: of the time that counts the worker has to have had as much from the machine, however busy that is. */
  async ask(question: Question, millis: number, clock: 'wall' | 'processor' = 'wall'): Promise<Answer | Ended> {
    const child = this.#child ?? (await this.#start());
    child.send(question);
    return this.#answer(child, millis, clock);
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

  #answer(child: ChildProcess, millis: number, clock: 'wall' | 'processor' = 'wall'): Promise<Answer | Ended> {
    const begun = processorMillis(child);
    return new Promise((resolve) => {
      const done = (answer: Answer | Ended) => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (typeof answer === 'string') this.stop();
        resolve(answer);
      };
      const check = () => {
        const left = clock === 'wall' ? 0 : millis - (processorMillis(child) - begun);
        if (left > 0) timer = setTimeout(check, left);
        else done('it does not end');
      };
      let timer = setTimeout(check, millis);
      child.once('message', (answer) => done(answer as Answer));
      child.once('exit', () => done('it ends the process'));
    });
  }
}

/** In ticks of a hundredth of a second (proc(5)); where there is no such file every check ends the wait. */
function processorMillis({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
