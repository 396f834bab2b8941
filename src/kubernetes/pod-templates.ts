import { type ObjectKey, parseObjectKey } from '../diagnostics/origin.ts';

const template = ['spec', 'template'] as const;

/** Where objects have the template of their pods, by group and kind. */
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  'core/Pod': [],
  'core/ReplicationController': template,
  'apps/Deployment': template,
  'apps/StatefulSet': template,
  'apps/DaemonSet': template,
  'apps/ReplicaSet': template,
  'batch/Job': template,
  'batch/CronJob': ['spec', 'jobTemplate', ...template],
  'argoproj.io/Rollout': template,
};

/** The path of what says of pods how they are to be: the object itself, or its template; nothing for other kinds. */
export function podTemplatePath(key: ObjectKey): readonly string[] | undefined {
  const { group, kind } = parseObjectKey(key);
  return templatePaths[`${group}/${kind}`];
}
