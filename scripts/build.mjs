// Bundles the program and the library entry points into dist/. Made aside and put in place whole, so that a program
// that runs from dist/ meanwhile never sees half of it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDashboard } from './dashboard.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const aside = path.join(root, '.cache', `dist-${process.pid}`);
const target = path.join(root, 'dist');

fs.rmSync(aside, { recursive: true, force: true });
const tsdown = path.join(root, 'node_modules/tsdown/dist/run.mjs');
try {
  execFileSync(process.execPath, [tsdown, '--out-dir', aside], { cwd: root, stdio: 'inherit' });
  buildDashboard(path.join(aside, 'dashboard'));
} catch {
  fs.rmSync(aside, { recursive: true, force: true });
  process.exit(1);
}
fs.rmSync(target, { recursive: true, force: true });
fs.renameSync(aside, target);
