import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const fileName = 'authority.pem';

/** The stored credential, or nothing when there is none yet. Rejects when anyone but the owner could have read it. */
export async function readCredential(directory: string): Promise<string | undefined> {
  await ensurePrivateDirectory(directory);
  const file = join(directory, fileName);
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) throw new Error(`${file} can be read by others; its key must be considered lost`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Keeps a new credential, complete or not at all. When another process was first, its credential is returned: one
 * directory has one authority.
 */
export async function createCredential(directory: string, pem: string): Promise<string> {
  const file = join(directory, fileName);
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, pem, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
    return pem;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return await readFile(file, 'utf8');
  } finally {
    await rm(draft, { force: true });
  }
}

/** Makes the directory 0700, or rejects when it exists and is open to others or owned by somebody else. */
async function ensurePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { mode, uid } = await stat(directory);
  if ((mode & 0o077) !== 0) {
    throw new Error(`${directory} can be read by others (mode ${(mode & 0o777).toString(8)}); make it 0700`);
  }
  if (process.getuid !== undefined && uid !== process.getuid()) throw new Error(`${directory} belongs to another user`);
}
