import { err, ok, type Result } from '../../lib/result.ts';
import { closest } from '../../lib/suggest.ts';
import { kindsOf, smiGroups, versionsOf } from '../../smi/versions.ts';

/** The version that objects of a kind are to be written in; `undefined`: they stay as they are. */
export type TargetVersion = (group: string, kind: string) => string | undefined;

const newest = 'latest';

/**
 * Reads `--to`: `latest`, a version for all groups (`v1alpha2`), or a list of versions by group
 * (`split=v1alpha2,access=v1alpha3`), in which groups that are not named stay as they are.
 */
export function parseTarget(text: string): Result<TargetVersion, string> {
  if (!text.includes('=')) {
    const wrong = unknownVersion(text, smiGroups());
    return wrong === undefined ? ok((group, kind) => versionOf(text, group, kind)) : err(wrong);
  }
  const byGroup = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name = '', version = ''] = part.trim().split('=');
    const group = smiGroups().find((candidate) => candidate === name || candidate === `${name}.smi-spec.io`);
    if (group === undefined) {
      const names = smiGroups().map((candidate) => candidate.slice(0, candidate.indexOf('.')));
      const near = closest(name, names);
      return err(`"${name}" is not one of ${names.join(', ')}${near === undefined ? '' : `; did you mean "${near}"?`}`);
    }
    const wrong = unknownVersion(version, [group]);
    if (wrong !== undefined) return err(wrong);
    byGroup.set(group, version);
  }
  return ok((group, kind) => {
    const version = byGroup.get(group);
    return version === undefined ? undefined : versionOf(version, group, kind);
  });
}

function versionOf(version: string, group: string, kind: string): string | undefined {
  return version === newest ? versionsOf(group, kind)?.served[0] : version;
}

function unknownVersion(version: string, groups: readonly string[]): string | undefined {
  const known = new Set(groups.flatMap(versionsOfGroup));
  if (version === newest || known.has(version)) return undefined;
  const near = closest(version, known);
  const all = [...known].toSorted().join(', ');
  return `"${version}" is not a version: ${all} or ${newest}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

function versionsOfGroup(group: string): readonly string[] {
  return kindsOf(group).flatMap((kind) => versionsOf(group, kind)?.served ?? []);
}
