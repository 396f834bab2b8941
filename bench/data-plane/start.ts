import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/support/free-ports.ts';
import { launch, type Running } from '../processes.ts';
import type { Contender } from './measure.ts';
import type { Bench } from './scenario.ts';
import type { Subject, SubjectContext } from './subjects/subject.ts';

export interface Place {
  readonly bench: Bench;
  readonly programs: SubjectContext['programs'];
  /** Of the proxies. */
  readonly cores: string;
  readonly upstreamPort: number;
  /** Options of Node itself for programs that run on it. */
  readonly nodeOptions?: readonly string[];
}

/** Starts the processes of a subject; those started before a failure are handed to `started` nevertheless. */
export async function startSubject(
  { name, prepare }: Subject,
  { bench, programs, cores, upstreamPort, nodeOptions = [] }: Place,
  started: (running: Running) => void,
): Promise<Contender> {
  const folder = join(bench.folder, name.replace(':', '-'));
  mkdirSync(folder);
  const port = await freePort();
  const adminPorts = [await freePort(), await freePort()] as const;
  const given = { folder, port, betweenPort: await freePort(), adminPorts, upstreamPort, programs };
  const processes: Running[] = [];
  for (const { command, args, port: listens } of prepare({
    ...given,
    host: bench.host,
    identities: bench.identities,
  })) {
    const own = command === programs.node ? nodeOptions : [];
    const running = await launch(bench.taskset, { name, cores, command, args: [...own, ...args], port: listens });
    started(running);
    processes.push(running);
  }
  return { name, port: processes.length === 0 ? upstreamPort : port, processes };
}
