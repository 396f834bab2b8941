// Sets a checkout up: dependencies, generated files, build. Each is done only when what it is made from has changed.
// `--dependencies`: these alone.
// It runs on any Node from 18 on and needs no dependency; everything after it runs on the Node that it finds here.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureEnvoy } from './envoy.mjs';
import { run } from './lib/run.mjs';
import { digest, isCurrent, writeStamp } from './lib/stamp.mjs';
import { exitWith, StepError, step } from './lib/steps.mjs';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');

/** The environment for every program of this checkout: its own tools, and its own Node, come first. */
export const toolEnvironment = {
  ...process.env,
  PATH: `${path.join(modules, '.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
};

const installNode = 'install Node.js from https://nodejs.org/ (22.12 or newer; npm comes with it)';

/** Does what is missing, prints it, and returns the path of a Node that is new enough. */
export async function setUp({ build = true } = {}) {
  await step('dependencies', installDependencies);
  const node = await findNode();
  await step('generated files', () => generate(node));
  if (build) await step('build', () => runBuild(node));
  return node;
}

/** Fetches the real Envoy into the cache folder when it is missing. */
export async function findEnvoy() {
  await step('Envoy', () => {
    let word = 'up to date';
    try {
      ensureEnvoy(() => {
        word = 'downloaded';
      });
    } catch (error) {
      throw new StepError(error.message);
    }
    return word;
  });
}

async function installDependencies() {
  const stamp = path.join(modules, '.smi-mesh-stamp');
  const wanted = digest(root, ['package-lock.json']);
  if (isCurrent(stamp, wanted)) return 'up to date';
  const { code, output } = await run('npm', ['ci', '--no-fund', '--no-audit'], { cwd: root, missing: installNode });
  if (code !== 0) throw installFailed(output);
  writeStamp(stamp, wanted);
  return 'installed';
}

const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/;

function installFailed(output) {
  if (unreachable.test(output)) {
    return new StepError('npm cannot reach its registry, so the dependencies are missing', {
      output,
      hint: 'check the network, the proxy (HTTPS_PROXY) and `npm config get registry`, then run this again',
    });
  }
  return new StepError('npm ci failed, so the dependencies are missing', {
    output,
    hint: 'the reason is in the lines above; `rm -rf node_modules` and this command again start afresh',
  });
}

/** The Node of the `node` development dependency, or the one that runs this when its installation was not possible. */
async function findNode() {
  const own = path.join(modules, '.bin', 'node');
  if (fs.existsSync(own)) {
    const { code, output } = await run(own, ['--version'], { cwd: root });
    if (code === 0 && isNewEnough(output)) return own;
  }
  if (isNewEnough(process.version)) return process.execPath;
  throw new StepError(`Node 22.12 or newer is missing (this is ${process.version})`, {
    hint: `let npm run install scripts and run \`npm rebuild node\`, or ${installNode}`,
  });
}

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.trim().replace(/^v/, '').split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}

async function generate(node) {
  const stamp = path.join(root, 'generated', '.stamp');
  const wanted = digest(root, ['schemas/proxy', 'scripts/generate.mjs', 'package-lock.json']);
  if (isCurrent(stamp, wanted)) return 'up to date';
  await runScript(node, 'scripts/generate.mjs', 'the protobuf descriptors could not be generated');
  writeStamp(stamp, wanted);
  return 'made';
}

async function runBuild(node) {
  const stamp = path.join(root, 'dist', '.stamp');
  const wanted = digest(root, ['src', 'adapters', 'generated', 'package.json', 'tsconfig.json', 'tsdown.config.ts']);
  if (isCurrent(stamp, wanted)) return 'up to date';
  await runScript(node, 'scripts/build.mjs', 'the build failed');
  writeStamp(stamp, wanted);
  return 'built';
}

async function runScript(node, script, failure) {
  const { code, output } = await run(node, [script], { cwd: root, env: toolEnvironment });
  if (code !== 0) throw new StepError(failure, { output, hint: `\`node ${script}\` shows the whole of it` });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const alone = process.argv.includes('--dependencies');
  await (alone ? step('dependencies', installDependencies) : setUp()).catch(exitWith);
}
