import { type Fields, isRecord } from '../../lib/values.ts';
import type { KindVersion } from './kinds.ts';
import type { Annotations } from './preserved.ts';
import type { Body } from './version-form.ts';

/** An object as it is written, taken apart. */
export interface Manifest extends KindVersion {
  readonly metadata: unknown;
  readonly status: Fields;
  readonly annotations: Annotations;
  readonly body: Body;
}

export function takeApart(object: Fields): Manifest {
  const { apiVersion, kind, metadata, ...rest } = object;
  const text = typeof apiVersion === 'string' ? apiVersion : '';
  const slash = text.lastIndexOf('/');
  const { status, ...body } = rest;
  const annotations = isRecord(metadata) && isRecord(metadata.annotations) ? metadata.annotations : {};
  return {
    group: text.slice(0, Math.max(slash, 0)),
    version: text.slice(slash + 1),
    kind: typeof kind === 'string' ? kind : '',
    metadata,
    status: Object.hasOwn(rest, 'status') ? { status } : {},
    annotations: annotations as Annotations,
    body,
  };
}

export function putTogether({ group, version, kind, metadata, status, annotations, body }: Manifest): Fields {
  return {
    apiVersion: `${group}/${version}`,
    kind,
    ...(metadata === undefined ? {} : { metadata: withAnnotations(metadata, annotations) }),
    ...body,
    ...status,
  };
}

/** Metadata in which nothing but annotations differs; `annotations` goes with the last of them. */
function withAnnotations(metadata: unknown, annotations: Annotations): unknown {
  if (!isRecord(metadata)) return metadata;
  const count = Object.keys(annotations).length;
  if (count > 0) return { ...metadata, annotations };
  const before = metadata.annotations;
  if (!isRecord(before) || Object.keys(before).length === 0) return metadata;
  const { annotations: _gone, ...others } = metadata;
  return others;
}
