import type { LocalEvent } from '../../control/local/events.ts';

/** What a person or a program sees of a running mesh. */
export interface UpView {
  show(event: LocalEvent): void;
  /** Leaves the terminal as it should be found. */
  end(): void;
}

/** One JSON object a line: the events as they are. */
export function createJsonView(quiet: boolean): UpView {
  return {
    show(event) {
      if (quiet && event.type === 'log') return;
      process.stdout.write(`${JSON.stringify(event)}\n`);
    },
    end: () => undefined,
  };
}
