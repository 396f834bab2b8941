import { ansiStyle, plainStyle, type TextStyle } from '../lib/text-style.ts';

/** The part of a standard stream that output needs; tests pass their own. */
export interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Colour only on a terminal, and never when NO_COLOR (https://no-color.org) is set to anything but the empty string. */
export function styleFor(stream: OutputStream, environment: NodeJS.ProcessEnv = process.env): TextStyle {
  const wanted = stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return wanted ? ansiStyle : plainStyle;
}

/** Writes lines to standard output: the first is the verdict. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Writes a value for programs: JSON with two spaces and a final newline. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A reader that stops early (`| head`) is no failure of ours. */
export function tolerateClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}
