import { type TimerWheel, WheelTimer } from '../timer-wheel.ts';

/** The precise timers of one transaction, made when a request first needs them. Times are of the monotonic clock. */
export class RequestTimers {
  readonly #wheel: TimerWheel;
  readonly #onDeadline: () => void;
  readonly #onStep: () => void;
  #deadline: WheelTimer | undefined;
  #step: WheelTimer | undefined;

  constructor(wheel: TimerWheel, onDeadline: () => void, onStep: () => void) {
    this.#wheel = wheel;
    this.#onDeadline = onDeadline;
    this.#onStep = onStep;
  }

  /** When the whole request must be over. */
  setDeadline(time: number): void {
    this.#deadline ??= new WheelTimer(this.#onDeadline);
    this.#wheel.set(this.#deadline, time);
  }

  /** When a pause, or one try, is over. */
  setStep(time: number): void {
    this.#step ??= new WheelTimer(this.#onStep);
    this.#wheel.set(this.#step, time);
  }

  clearDeadline(): void {
    if (this.#deadline?.set === true) this.#wheel.clear(this.#deadline);
  }

  clearStep(): void {
    if (this.#step?.set === true) this.#wheel.clear(this.#step);
  }
}
