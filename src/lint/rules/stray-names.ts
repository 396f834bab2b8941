import { parseObjectKey } from '../../diagnostics/origin.ts';
import { podTemplatePath } from '../../kubernetes/pod-templates.ts';
import { strayNames } from '../../kubernetes/stray-names.ts';
import { isRecord } from '../../lib/values.ts';
import type { Lint } from '../subject.ts';

/** Labels and annotations of the mesh that nobody reads. */
export const unreadNames: Lint = ({ documents }) =>
  documents.flatMap(({ key, object }) => {
    const { group, kind } = parseObjectKey(key);
    if (`${group}/${kind}` === 'core/Namespace')
      return strayNames(object.metadata, 'namespace', { object: key, path: [] });
    const path = podTemplatePath(key);
    const pod = path?.reduce<unknown>((outer, segment) => (isRecord(outer) ? outer[segment] : undefined), object);
    return path === undefined || !isRecord(pod) ? [] : strayNames(pod.metadata, 'pod', { object: key, path });
  });
