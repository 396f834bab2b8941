import { isDeepStrictEqual } from 'node:util';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Locate, ObjectKey, Origin } from '../../diagnostics/origin.ts';
import { sha256 } from '../../lib/hash.ts';
import { located } from '../located.ts';
import { blame } from './blame.ts';
import { changedField, fieldValue, leavesOf } from './fields.ts';
import type { ObjectHistory } from './object-history.ts';
import type { Fault, RefusedVersion, RefusingProxy } from './refusal.ts';
import type { ResourceRevision } from './resource-history.ts';

export interface Case {
  readonly about: RefusedVersion;
  readonly proxy: RefusingProxy;
  /** How the refused version came about, and the one that the proxy keeps, as far as they are known. */
  readonly refused: ResourceRevision | undefined;
  readonly kept: ResourceRevision | undefined;
  readonly objects: ObjectHistory;
  readonly locate: Locate;
}

/** Which object and field a proxy refused, as a finding at the user's line. */
export function diagnose({ about, proxy, refused, kept, objects, locate }: Case): Fault {
  const origins = refused?.artifact.origins ?? [];
  const generation = refused?.generation ?? 0;
  const documentOf = (origin: Origin) => objects.at(generation, origin.object);
  const before = ({ object }: Origin) => objects.at(kept?.generation ?? 0, object);
  const narrowed = (origin: Origin): Origin => {
    const [old, now] = [before(origin), documentOf(origin)];
    return old === undefined || now === undefined ? origin : changedField(old, now, origin);
  };
  const changed = (origin: Origin): boolean => {
    const [old, now] = [before(origin), documentOf(origin)];
    if (old === undefined || now === undefined) return old !== now;
    return old !== now && !isDeepStrictEqual(fieldValue(old, origin), fieldValue(now, origin));
  };
  const found = blame({
    origins,
    changed: kept === undefined ? undefined : changed,
    leavesOf: (each) => {
      const document = documentOf(each);
      return document === undefined ? [] : leavesOf(document, each);
    },
    name: about.resource,
    detail: proxy.detail,
  });
  const { related, by } = found;
  const origin = by === 'change' && found.origin !== undefined ? narrowed(found.origin) : found.origin;
  const message = `the proxy of ${proxy.node} refused ${about.resource}${fate(proxy)}: ${proxy.detail}`;
  const finding = diagnostic('SMI5101', { message, ...(origin === undefined ? {} : { origin }), related });
  const reason = proxy.detail.replaceAll(about.resource, '').replaceAll(proxy.node, '');
  const cause =
    origin === undefined ? `${about.typeUrl} ${about.resource} ${about.version}` : `${origin.object} ${origin.path}`;
  return {
    id: sha256(`${cause}\n${reason}`).slice(0, 12),
    ...(origin === undefined ? {} : { object: origin.object, path: origin.path }),
    by,
    objects: [...new Set(origins.map(({ object }): ObjectKey => object))],
    related,
    diagnostic: located([finding], locate)[0]!,
  };
}

function fate({ keeps }: RefusingProxy): string {
  return keeps === undefined ? ', has no earlier version and does without' : ' and keeps its earlier version';
}
