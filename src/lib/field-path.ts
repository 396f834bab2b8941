/**
 * Field paths as people write them: `spec.backends[1].weight`. A key that is not a plain word is quoted:
 * `metadata.annotations["smi-mesh.io/sidecar"]`.
 */
export type PathSegment = string | number;

const plainKey = /^[A-Za-z_][\w-]*$/;

export function formatFieldPath(segments: readonly PathSegment[]): string {
  let path = '';
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`;
    else if (!plainKey.test(segment)) path += `[${JSON.stringify(segment)}]`;
    else path += path === '' ? segment : `.${segment}`;
  }
  return path;
}

const nextSegment = /\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\.?([^.[\]]+)/y;

/** The segments of a path; what cannot be read ends it, so that a path is never wrong, only shorter. */
export function parseFieldPath(path: string): readonly PathSegment[] {
  const segments: PathSegment[] = [];
  nextSegment.lastIndex = 0;
  while (nextSegment.lastIndex < path.length) {
    const found = nextSegment.exec(path);
    if (found === null) break;
    if (found[1] !== undefined) segments.push(Number(found[1]));
    else if (found[2] !== undefined) segments.push(JSON.parse(found[2]) as string);
    else segments.push(found[3] ?? '');
  }
  return segments;
}
