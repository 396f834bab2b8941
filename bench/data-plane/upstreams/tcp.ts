import { freePort } from '../../../test/support/free-ports.ts';
import { launch } from '../../processes.ts';
import { programPath } from '../load/program.ts';
import type { Upstream } from './upstream.ts';

/** A server of bytes in a process of its own. */
export async function startTcpUpstream(place: { readonly taskset: string; readonly cores: string }): Promise<Upstream> {
  const port = await freePort();
  const args = [programPath('tcp-upstream.ts'), String(port)];
  const launched = { name: 'tcp-upstream', command: process.execPath, args, cores: place.cores, port };
  const running = await launch(place.taskset, launched);
  return { port, stop: running.stop };
}
