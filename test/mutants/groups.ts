import { readFileSync } from 'node:fs';
import type { NumberedMutation } from './instrument.ts';
import { type Mutation, mutationsOf } from './sites.ts';

/** Sources that decide what becomes of requests, with the target that shows it. */
export const groups = {
  decide: {
    target: 'simulated',
    files: ['decide', 'access', 'targets', 'match', 'hosts', 'ports', 'http-match'].map(
      (name) => `src/model/${name}.ts`,
    ),
  },
  adapter: {
    target: 'local',
    files: ['inbound', 'match', 'service', 'workload', 'endpoints'].map((name) => `adapters/proxy/emit/${name}.ts`),
  },
  proxy: {
    target: 'local',
    files: [
      ...['inbound-table', 'outbound-table', 'match', 'path'].map((name) => `src/proxy/routing/${name}.ts`),
      ...['inbound', 'outbound', 'forward'].map((name) => `src/proxy/phases/${name}.ts`),
      ...['inbound', 'outbound', 'destinations', 'tcp'].map((name) => `src/proxy/config/${name}.ts`),
    ],
  },
} as const;

/** Functions that tell people why, or what a policy adds, and words of what SMI has none for: the suite says nothing of them. */
const otherFunctions = new Set([
  ...['nearestOf', 'coveringOrigins', 'missingOrigins', 'targetOrigins', 'unique', 'endpointFields', 'summary'],
  ...['isElsewhere', 'byAddress', 'passesOn', 'leadsElsewhere', 'headlessAt'],
]);
const otherWords =
  /intercepted|passthrough|passesOn|byAddress|outside|\btls\b|\bplain\b|guards|claims|endpoints|[oO]rigins|atClient|denied|clientAccess|selectorless|externalName|vips|\bpolic(?:y|ies)\b(?!\.(?:mode|grants))|because|nearest|trustDomain|\bpod\b|unmatched|owners|locality|accessLog|trac(?:e|ing)|\btap|telemetry|metrics/;

function isAboutSmi({ within, about }: Mutation): boolean {
  return !otherFunctions.has(within) && !otherWords.test(about);
}

export type Group = keyof typeof groups;

export interface Mutant extends NumberedMutation {
  readonly group: Group;
  readonly file: string;
}

/** How many faults of a group are about what SMI has no words for. */
export function otherMatters(group: Group): number {
  const all = groups[group].files.flatMap((file) => mutationsOf(file, readFileSync(file, 'utf8')));
  return all.filter((mutation) => !isAboutSmi(mutation)).length;
}

/** All of them; the numbers are the same in every process that reads the same sources. */
export function allMutants(): readonly Mutant[] {
  const found: Mutant[] = [];
  for (const [group, { files }] of Object.entries(groups)) {
    for (const file of files) {
      const first = found.length;
      const mutations = mutationsOf(file, readFileSync(file, 'utf8')).filter(isAboutSmi);
      found.push(...mutations.map((each, index) => ({ ...each, id: first + index, group: group as Group, file })));
    }
  }
  return found;
}
