import { watchFiles } from '../../control/watch.ts';

const clearScreen = '\u001b[2J\u001b[3J\u001b[H';

/** Checks now and after every change, one check at a time, until SIGINT or SIGTERM; returns the last exit code. */
export async function watchAndRepeat(paths: readonly string[], check: () => Promise<number>): Promise<number> {
  const clear = process.stdout.isTTY ? clearScreen : undefined;
  const show = async (again: boolean) => {
    process.stdout.write(clear ?? (again ? '\n' : ''));
    const code = await check();
    process.stdout.write(`\n${new Date().toTimeString().slice(0, 8)} watching for changes (Ctrl+C ends)\n`);
    return code;
  };
  const ended = Promise.withResolvers<void>();
  let changed = Promise.withResolvers<void>();
  const watch = watchFiles({ paths, onChange: () => changed.resolve() });
  const end = () => ended.resolve();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  let code = await show(false);
  let running = true;
  while (running) {
    running = await Promise.race([ended.promise.then(() => false), changed.promise.then(() => true)]);
    if (!running) break;
    changed = Promise.withResolvers<void>();
    code = await show(true);
  }
  watch.stop();
  process.off('SIGINT', end);
  process.off('SIGTERM', end);
  return code;
}
