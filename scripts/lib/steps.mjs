// How the scripts report what they do: one line for each step with its duration, and for a failure the missing thing's
// name and how to get it. Plain JavaScript for any Node from 18 on, without dependencies.

/** A failure that the user can mend. `hint` says how; `output` is what the failed program printed. */
export class StepError extends Error {
  constructor(message, { hint, output } = {}) {
    super(message);
    this.hint = hint;
    this.output = output;
  }
}

/** Where the lines go; standard error when standard output is for a machine. */
export const progress = { stream: process.stdout };

export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Runs one step and prints `  TITLE   RESULT   DURATION`; `work` may return the word for RESULT. */
export async function step(title, work) {
  const started = performance.now();
  progress.stream.write(`  ${title.padEnd(28)}`);
  try {
    const word = await work();
    progress.stream.write(`${(word ?? 'done').padEnd(14)}${seconds(performance.now() - started).padStart(8)}\n`);
  } catch (error) {
    progress.stream.write(`${'failed'.padEnd(14)}${seconds(performance.now() - started).padStart(8)}\n`);
    throw error;
  }
}

/** A step for what tests are skipped without: says what is missing and how to get it, and whether it is there. It fails where CI=true. */
export async function optionalStep(title, ensure) {
  let found = true;
  await step(title, async () => {
    try {
      await ensure();
      return 'there';
    } catch (error) {
      if (!(error instanceof StepError) || process.env.CI === 'true') throw error;
      found = false;
      return `skipped: ${error.message}; ${error.hint}  `;
    }
  });
  return found;
}

/** Ends the program for a failed step: what, the last lines of the output, what to do. Other errors are bugs and shown whole. */
export function exitWith(error) {
  if (!(error instanceof StepError)) throw error;
  if (error.output) process.stderr.write(`\n${lastLines(error.output, 30)}\n`);
  process.stderr.write(`\nerror: ${error.message}\n`);
  if (error.hint) process.stderr.write(`  hint: ${error.hint}\n`);
  process.exit(1);
}

function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
