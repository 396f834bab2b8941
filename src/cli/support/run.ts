import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findInstallation } from '../../install/installation.ts';
import { exitCodes } from '../exit-codes.ts';
import { clusterOf, needed } from '../install/cluster.ts';
import type { TargetOptions } from '../install/options.ts';
import { progress } from '../install/report.ts';
import { print } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { archiveOf, type BundleFile } from './archive.ts';
import { collect } from './collect.ts';

export interface SupportOptions extends TargetOptions {
  readonly namespace: string;
  /** A file that ends in `.tar.gz`, or a folder; by default a file in the current folder. */
  readonly out?: string;
  readonly sidecars: number;
}

const archiveEnd = '.tar.gz';

export async function support(options: SupportOptions): Promise<number> {
  const time = Date.now();
  const out = options.out ?? `smi-mesh-support-${new Date(time).toISOString().replaceAll(/[:.]/g, '-')}${archiveEnd}`;
  const connection = await clusterOf(options);
  const installation = needed(await findInstallation(connection));
  const say = progress();
  const files = await collect(connection, {
    namespace: installation?.namespace ?? options.namespace,
    sidecars: options.sidecars,
    onProgress: (what) => say(`collecting ${what}`),
  });
  try {
    write(out, files, time);
  } catch (error) {
    return wrongUse(`${out} cannot be written: ${(error as Error).message}`);
  }
  print(
    `${out}: ${files.length} files`,
    '  Secrets were not asked for; keys, tokens, passwords and values of environment variables were taken out.',
    '  hint: look through it before you hand it on',
  );
  return exitCodes.fine;
}

function write(out: string, files: readonly BundleFile[], time: number): void {
  if (out.endsWith(archiveEnd)) {
    writeFileSync(out, archiveOf(files, time), { mode: 0o600, flag: 'wx' });
    return;
  }
  mkdirSync(out, { mode: 0o700 });
  for (const { path, text } of files) {
    mkdirSync(dirname(join(out, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(out, path), text, { mode: 0o600 });
  }
}
