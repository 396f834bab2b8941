// Makes sure that the programs which run inside a test cluster are in the cache folder: CoreDNS, and the first process of
// each pod. Plain JavaScript that an old Node can run.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureProgram, requiredVersion } from './lib/go-programs.mjs';

const modules = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test', 'cluster');
const install = 'install Go (https://go.dev/doc/install)';
const corednsModule = path.join(modules, 'coredns');

const coredns = {
  name: 'coredns',
  version: requiredVersion(corednsModule, 'github.com/coredns/coredns'),
  module: corednsModule,
  duration: 'three minutes',
  install,
};
const pause = { name: 'pause', version: '1', module: path.join(modules, 'pause'), duration: 'a second', install };

/** Returns the files, building what is missing. Throws a `StepError` without Go. */
export function ensureClusterPrograms(log = () => {}) {
  return {
    coredns: path.join(ensureProgram(coredns, log), 'coredns'),
    pause: path.join(ensureProgram(pause, log), 'pause'),
  };
}
