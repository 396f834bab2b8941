import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchFailure } from '../failure.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the published package holds, beside its dependencies. */
const parts = ['bin', 'dist', 'generated', 'schemas', 'package.json'];

/**
 * Puts the built program into a folder as an installation has it, without its sources, and returns the path of `smi-cli`:
 * in a checkout the program first looks whether its sources have changed.
 */
export function installProgram(folder: string): string {
  if (!existsSync(join(root, 'dist', 'smi-cli.mjs'))) throw new BenchFailure('dist/ is missing\n  hint: npm run build');
  const target = join(folder, 'smi-mesh');
  mkdirSync(target);
  for (const part of parts) cpSync(join(root, part), join(target, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  return join(target, 'bin', 'smi-cli');
}
