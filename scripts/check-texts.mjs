// The repository speaks of the project alone: no absolute paths of somebody's machine, no private registry hosts, no
// leftovers. Reads every tracked text file; `node scripts/check-texts.mjs` prints FILE:LINE for each finding.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const rules = [
  { pattern: /(?<![\w.])\/(?:home|Users|root|work)\/[\w.-]/, says: 'an absolute path of one machine' },
  { pattern: /^(?:<{7} |>{7} |={7}$)/, says: 'a merge conflict marker' },
  { pattern: /\b(?:FIXME|XXX)\b/, says: 'a leftover' },
  { pattern: /\.(?:only)\(/, says: 'a test that silences the others', files: /\.test\.ts$/ },
  { pattern: /"resolved":/, says: 'a registry host in the lockfile', files: /^package-lock\.json$/ },
];

/** Texts that come from elsewhere, and this list of patterns itself. */
const skipped = /^(LICENSE|scripts\/check-texts\.mjs)$/;

const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
let findings = 0;
for (const name of tracked.toString('utf8').split('\0')) {
  const file = path.join(root, name);
  if (name === '' || skipped.test(name) || !fs.statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
  const content = fs.readFileSync(file);
  if (content.includes(0)) continue;
  content
    .toString('utf8')
    .split('\n')
    .forEach((line, index) => {
      for (const { pattern, says, files } of rules) {
        if ((files && !files.test(name)) || !pattern.test(line)) continue;
        console.log(`${name}:${index + 1}: ${says}: ${line.trim().slice(0, 120)}`);
        findings += 1;
      }
    });
}
process.exitCode = findings > 0 ? 1 : 0;
