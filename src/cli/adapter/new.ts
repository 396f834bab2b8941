import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../lib/package-root.ts';
import { packageVersion } from '../../lib/package-version.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';

export interface NewOptions {
  readonly language: 'typescript' | 'python';
}

/** Copies the skeleton of a language into a folder of the adapter's name; returns the exit code. */
export function newAdapter(name: string, { language }: NewOptions): number {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    return wrongUse(`"${name}" is no name of an adapter: write lower-case letters, digits and hyphens`);
  }
  if (existsSync(name)) return wrongUse(`${name} is there already`);
  const skeleton = join(packageRoot(), 'testkit/skeletons', language);
  const files = readdirSync(skeleton).sort();
  try {
    mkdirSync(name);
    for (const file of files) {
      const target = join(name, file.replace('NAME', name));
      const text = readFileSync(join(skeleton, file), 'utf8');
      writeFileSync(target, text.replaceAll('NAME', name).replaceAll('VERSION', packageVersion()));
      if (file.endsWith('.py')) chmodSync(target, 0o755);
    }
  } catch (error) {
    process.stderr.write(`error: ${name} cannot be written: ${(error as Error).message}\n`);
    return exitCodes.unreachable;
  }
  const [begin, run] =
    language === 'python'
      ? ['', `exec:./${name}/${name}.py`]
      : [`(cd ${name} && npm install)\n  `, `./${name}/${name}.ts`];
  print(
    `${name}: ${files.map((file) => file.replace('NAME', name)).join(', ')}`,
    '',
    'next:',
    `  ${begin}smi-cli adapter test ${run}`,
  );
  return exitCodes.fine;
}
