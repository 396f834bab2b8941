// Bundles the page of the dashboard into a folder: one script, one style sheet, and the licences of what is in them.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const page = path.join(root, 'src/dashboard/page');
const modules = path.join(root, 'node_modules');
/** What the page is made with; docs/dependencies.md. */
const bundled = ['preact', '@preact/signals', '@preact/signals-core', '@dagrejs/dagre', '@dagrejs/graphlib', 'uplot'];

/** Throws when the bundler fails; what it said is on standard error. */
export function buildDashboard(folder, node = process.execPath) {
  fs.mkdirSync(folder, { recursive: true });
  const tsdown = path.join(modules, 'tsdown/dist/run.mjs');
  const args = [tsdown, '--config', 'tsdown.dashboard.config.ts', '--out-dir', folder];
  execFileSync(node, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  // Without its configuration the bundler makes something else, and says nothing.
  if (!fs.existsSync(path.join(folder, 'app.js'))) throw new Error('the bundler has made no app.js');
  const styles = [path.join(modules, 'uplot/dist/uPlot.min.css'), path.join(page, 'style.css')];
  fs.writeFileSync(path.join(folder, 'app.css'), styles.map((file) => fs.readFileSync(file, 'utf8')).join('\n'));
  for (const name of ['index.html', 'icon.svg']) fs.copyFileSync(path.join(page, name), path.join(folder, name));
  const licences = bundled.map((name) => {
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt']
      .map((one) => path.join(modules, name, one))
      .find(fs.existsSync);
    if (file === undefined) throw new Error(`${name} has no licence file`);
    return `${name}\n\n${fs.readFileSync(file, 'utf8').trim()}\n`;
  });
  fs.writeFileSync(path.join(folder, 'LICENSES.txt'), licences.join('\n---\n\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildDashboard(path.join(root, 'dist/dashboard'));
