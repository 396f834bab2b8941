import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { parseObjectKey } from '../../diagnostics/origin.ts';
import { versionsOf } from '../../smi/versions.ts';
import type { Lint } from '../subject.ts';

/** Objects in a version that a newer one has replaced. */
export const olderVersions: Lint = ({ documents }) =>
  documents.flatMap(({ key, apiVersion, kind }) => {
    const { group } = parseObjectKey(key);
    const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
    const [newest, ...older] = versionsOf(group, kind)?.served ?? [];
    if (newest === undefined || !older.includes(version)) return [];
    const message = `${kind} is written as ${version}; the newest version is ${newest}`;
    const hint = `Run \`smi-cli convert --to ${newest}\`, unless another program needs ${version}.`;
    return [diagnostic('SMI4501', { message, hint, origin: { object: key, path: 'apiVersion' } })];
  });
