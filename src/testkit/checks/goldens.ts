import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ContractCase, contractCase } from '../case.ts';
import { originText } from '../emission.ts';
import type { Trial } from '../trial.ts';

export interface GoldenFolder {
  readonly folder: string;
  /** Write what comes out in place of comparing it. */
  readonly update: boolean;
}

/** What comes out of each model is what a file says; a file that no model gives any more is wrong too. */
export function goldenCases(trials: readonly Trial[], { folder, update }: GoldenFolder): readonly ContractCase[] {
  const fileOf = (name: string) => join(folder, `${name}.yaml`);
  return [
    ...trials.map(({ name, first, skipped, failed }) => {
      const check = () => {
        const { artifacts, losses, refusals } = first();
        const text = stringify(
          {
            artifacts: artifacts.map(({ name: file, format, body }) => ({ name: file, format, body })),
            losses: losses.map(({ origins, ...loss }) => ({ ...loss, origins: origins.map(originText) })),
            refusals: refusals.map(({ message }) => message),
          },
          { lineWidth: 0, aliasDuplicateObjects: false },
        );
        const file = fileOf(name);
        if (update) {
          mkdirSync(folder, { recursive: true });
          writeFileSync(file, text);
          return [];
        }
        if (!existsSync(file)) return [`${file} is missing; --update writes it`];
        return firstLine(file, readFileSync(file, 'utf8'), text);
      };
      return contractCase(`golden: ${name}`, check, failed ? skipped : undefined);
    }),
    contractCase('golden: no file is left over', () => {
      const known = new Set(trials.map(({ name }) => `${name}.yaml`));
      const files = existsSync(folder)
        ? readdirSync(folder).filter((file) => file.endsWith('.yaml') && !known.has(file))
        : [];
      if (update) for (const file of files) rmSync(join(folder, file));
      return update ? [] : files.map((file) => `${join(folder, file)} belongs to no model; --update removes it`);
    }),
  ];
}

function firstLine(file: string, expected: string, seen: string): readonly string[] {
  if (expected === seen) return [];
  const [old, now] = [expected.split('\n'), seen.split('\n')];
  const at = now.findIndex((line, index) => line !== old[index]);
  const line = at < 0 ? now.length : at;
  return [
    `${file}:${line + 1}: expected ${JSON.stringify(old[line] ?? '')}, got ${JSON.stringify(now[line] ?? '')}; --update accepts it`,
  ];
}
