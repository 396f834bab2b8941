// `npm start`: sets the checkout up and runs the bookstore example. Arguments after `--` go to `smi-cli up`.
import { foreground } from './lib/run.mjs';
import { exitWith, seconds } from './lib/steps.mjs';
import { root, setUp, toolEnvironment } from './setup.mjs';

const example = 'examples/bookstore';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  const args = ['up', example, ...process.argv.slice(2)];
  console.log(`\nsmi-cli ${args.join(' ')}   (ready to start after ${seconds(performance.now())})\n`);
  process.exitCode = await foreground(node, ['dist/smi-cli.mjs', ...args], { cwd: root, env: toolEnvironment });
} catch (error) {
  exitWith(error);
}
