import { closeSync, openSync } from 'node:fs';
import { err, ok, type Result } from '../lib/result.ts';

/** `CLONE_NEWNET` of Linux. */
const networkFlag = 0x4000_0000;

/**
 * Moves this process into the network of a file such as /var/run/netns/x, with what it starts from then on. For good: there is
 * no way back. `error`: a sentence.
 */
export async function enterNetwork(file: string): Promise<Result<void, string>> {
  let descriptor: number | undefined;
  try {
    const { default: koffi } = await import('koffi');
    const setns = koffi.load(null).func('int setns(int fd, int type)') as (fd: number, type: number) => number;
    descriptor = openSync(file, 'r');
    if (setns(descriptor, networkFlag) !== 0) return err(`the network ${file} cannot be entered; it needs root`);
    return ok(undefined);
  } catch (error) {
    return err(`the network ${file} cannot be entered: ${(error as Error).message.split('\n', 1)[0]}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
