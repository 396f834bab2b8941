import type { Change } from '../../analysis/changes.ts';
import { isWidening } from '../../analysis/changes.ts';
import type { Locate, Origin } from '../../diagnostics/origin.ts';
import { summarize } from './describe.ts';
import type { DiffPresentation } from './presentation.ts';

/** The changes for programs; every origin has its place where one is known. */
export function diffJson({ changes, names, locate }: DiffPresentation): unknown {
  return {
    before: names.before,
    after: names.after,
    summary: summarize(changes),
    changed: changes.length > 0,
    widened: changes.some(isWidening),
    changes: changes.map((change) => changeJson(change, locate)),
  };
}

function changeJson(change: Change, locate: DiffPresentation['locate']): unknown {
  if (change.kind === 'object') {
    return { ...change, before: located(change.before, locate.before), after: located(change.after, locate.after) };
  }
  if (change.kind !== 'traffic') return change;
  const side = (name: 'before' | 'after') => {
    const { request, senderExists, origins } = change.example[name];
    const access = located(origins.access, locate[name]);
    return { request, senderExists, origins: { access, route: located(origins.route, locate[name]) } };
  };
  return { ...change, example: { client: change.example.client, before: side('before'), after: side('after') } };
}

function located(origins: readonly Origin[], locate: Locate): unknown {
  return origins.map((origin) => ({ ...origin, ...locate(origin) }));
}
