import { execFile } from 'node:child_process';
import { err, ok, type Result } from '../../lib/result.ts';

/** A file as a revision has it. */
export interface RevisionFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Why a revision could not be read, as a sentence, and whether that is the command line's fault. */
export interface RevisionFault {
  readonly message: string;
  readonly wrongUse: boolean;
}

/** What git may answer at most, in bytes; manifests are small. */
const answerLimit = 256 * 1024 * 1024;
const timeout = 30_000;

/**
 * The regular files under a path of a revision, as `git show REV:PATH` reads them: from the root of the repository, or
 * from the current folder when PATH begins with `./`; an empty PATH is everything. Only names that `wanted` accepts are
 * read below a folder; a file that is named itself always is.
 */
export async function readRevision(
  revision: string,
  path: string,
  wanted: (name: string) => boolean,
): Promise<Result<readonly RevisionFile[], RevisionFault>> {
  const commit = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  if (!commit.ok) return refused(commit.error, `git knows no revision "${revision}" here`);
  const id = text(commit.value).trim();
  const object = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${id}:${path}`]);
  if (!object.ok) return refused(object.error, `revision ${revision} has no "${path}"`);
  const root = await prefixOf(path);
  if (!root.ok) return refused(root.error, `"${path}" is not in the repository`);
  const listed = await git([
    'ls-tree',
    '-r',
    '-z',
    '--full-tree',
    id,
    '--',
    ...(root.value === '' ? [] : [root.value]),
  ]);
  if (!listed.ok) return refused(listed.error, `git cannot list ${revision}:${path}`);
  const files = entries(text(listed.value)).filter(({ name }) => name === root.value || wanted(name));
  return readBlobs(files);
}

interface Entry {
  readonly blob: string;
  readonly name: string;
}

/** `MODE TYPE OBJECT\tNAME`; links and submodules are left out. */
function entries(listing: string): readonly Entry[] {
  return listing.split('\0').flatMap((line) => {
    const [, blob, name] = /^100\d{3} blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    return blob === undefined || name === undefined ? [] : [{ blob, name }];
  });
}

/** A path from the root of the repository. */
async function prefixOf(path: string): Promise<Result<string, RevisionFault>> {
  const relative = /^\.{1,2}(?:\/|$)/.test(path);
  const prefix = relative ? await git(['rev-parse', '--show-prefix']) : ok(new Uint8Array());
  if (!prefix.ok) return prefix;
  const parts: string[] = [];
  for (const part of `${text(prefix.value).trim()}/${path}`.split('/')) {
    if (part === '..' && parts.pop() === undefined)
      return err({ message: 'outside of the repository', wrongUse: true });
    if (part !== '' && part !== '.' && part !== '..') parts.push(part);
  }
  return ok(parts.join('/'));
}

async function readBlobs(files: readonly Entry[]): Promise<Result<readonly RevisionFile[], RevisionFault>> {
  if (files.length === 0) return ok([]);
  const answer = await git(['cat-file', '--batch'], `${files.map(({ blob }) => blob).join('\n')}\n`);
  if (!answer.ok) return answer;
  const found: RevisionFile[] = [];
  let at = 0;
  for (const { name } of files) {
    const end = answer.value.indexOf(0x0a, at);
    const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(text(answer.value.subarray(at, end)))?.[1]);
    if (end < 0 || Number.isNaN(size)) return err({ message: `git cannot read ${name}`, wrongUse: false });
    found.push({ path: name, bytes: answer.value.subarray(end + 1, end + 1 + size) });
    at = end + 1 + size + 1;
  }
  return ok(found);
}

function refused(fault: RevisionFault, message: string): Result<never, RevisionFault> {
  return err(fault.wrongUse ? { ...fault, message } : fault);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

/** Runs git in the current folder. That it answers with a failure is the command line's fault; all else is not. */
function git(argv: readonly string[], stdin = ''): Promise<Result<Uint8Array, RevisionFault>> {
  return new Promise((resolve) => {
    const options = { encoding: 'buffer', maxBuffer: answerLimit, timeout } as const;
    const child = execFile('git', ['--no-optional-locks', ...argv], options, (error, stdout, stderr) => {
      if (error === null) return resolve(ok(stdout));
      const missing = error.code === 'ENOENT';
      const said = missing ? 'git is not installed' : text(stderr).trim() || error.message;
      resolve(err({ message: said, wrongUse: typeof error.code === 'number' }));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
  });
}
