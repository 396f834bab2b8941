import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { err, ok, type Result } from '../../lib/result.ts';
import { reason } from '../files.ts';

/**
 * Replaces the content of a file at once: a reader sees the old text or the new one, and a failure leaves the old one. Links
 * are followed and the mode is kept. `error`: what the system said.
 */
export function replaceFile(path: string, text: string): Result<void, string> {
  let temporary: string | undefined;
  try {
    const file = realpathSync(path);
    temporary = join(dirname(file), `.${process.pid}-${Date.now()}.smi-cli.tmp`);
    writeWhole(temporary, text, statSync(file).mode);
    renameSync(temporary, file);
    return ok(undefined);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    return err(reason(error));
  }
}

function writeWhole(path: string, text: string, mode: number): void {
  const descriptor = openSync(path, 'wx', mode);
  try {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
