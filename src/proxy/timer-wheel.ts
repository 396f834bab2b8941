/** Width of a slot: how late a timer may fire, on top of what the event loop adds. */
const slotMillis = 4;
/** A power of two. One turn is about two seconds; what lies further ahead is looked at once a turn. */
const slots = 512;
const mask = slots - 1;

/** Something to happen at a time. It belongs to its owner, who sets it again and again: setting one allocates nothing. */
export class WheelTimer {
  readonly fire: () => void;
  /** For the wheel: the slot's number since the beginning of time; -1 when not set. */
  due = -1;
  previous: WheelTimer | undefined;
  next: WheelTimer | undefined;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  get set(): boolean {
    return this.due >= 0;
  }
}

/**
 * A hashed timing wheel for times that the coarse ticker cannot tell apart, such as deadlines of tens of milliseconds.
 * Setting and clearing are constant; while nothing is set it holds no timer of the system. Never early.
 */
export class TimerWheel {
  readonly #slots: (WheelTimer | undefined)[] = new Array(slots).fill(undefined);
  #count = 0;
  /** The first slot that was not looked at yet. */
  #cursor = 0;
  /** The slot for which the system's timer is set. */
  #armedFor = Number.POSITIVE_INFINITY;
  #armed: NodeJS.Timeout | undefined;

  /** Sets the timer, or moves it, to a time on the monotonic clock. */
  set(timer: WheelTimer, at: number): void {
    if (timer.due >= 0) this.#unlink(timer);
    if (this.#count === 0) this.#cursor = Math.floor(performance.now() / slotMillis);
    timer.due = Math.max(this.#cursor, Math.ceil(at / slotMillis));
    const slot = timer.due & mask;
    const head = this.#slots[slot];
    timer.previous = undefined;
    timer.next = head;
    if (head !== undefined) head.previous = timer;
    this.#slots[slot] = timer;
    this.#count++;
    if (timer.due < this.#armedFor) this.#arm(timer.due);
  }

  clear(timer: WheelTimer): void {
    if (timer.due >= 0) this.#unlink(timer);
  }

  /** Nothing fires any more. */
  stop(): void {
    clearTimeout(this.#armed);
    this.#slots.fill(undefined);
    this.#count = 0;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #unlink(timer: WheelTimer): void {
    if (timer.previous !== undefined) timer.previous.next = timer.next;
    else this.#slots[timer.due & mask] = timer.next;
    if (timer.next !== undefined) timer.next.previous = timer.previous;
    timer.previous = undefined;
    timer.next = undefined;
    timer.due = -1;
    this.#count--;
  }

  #arm(slot: number): void {
    clearTimeout(this.#armed);
    this.#armedFor = slot;
    this.#armed = setTimeout(() => this.#turn(), Math.max(0, Math.ceil(slot * slotMillis - performance.now())));
    this.#armed.unref();
  }

  #turn(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = Math.floor(performance.now() / slotMillis);
    const first = Math.max(this.#cursor, now - mask);
    const due: WheelTimer[] = [];
    for (let slot = first; slot <= now; slot++) {
      for (let timer = this.#slots[slot & mask]; timer !== undefined; timer = timer.next) {
        if (timer.due <= now) due.push(timer);
      }
    }
    this.#cursor = now + 1;
    for (const timer of due) {
      // An earlier one may have cleared it or set it anew.
      if (timer.due < 0 || timer.due > now) continue;
      this.#unlink(timer);
      timer.fire();
    }
    this.#armNext();
  }

  #armNext(): void {
    if (this.#count === 0) return;
    let slot = this.#cursor;
    const end = this.#cursor + mask;
    while (slot < end && this.#slots[slot & mask] === undefined) slot++;
    if (slot < this.#armedFor) this.#arm(slot);
  }
}
