import { Command } from 'commander';
import { print } from '../output.ts';
import { programVersion } from '../version.ts';

export function versionCommand(): Command {
  return new Command('version')
    .description('print the version of smi-mesh and of the Node that runs it')
    .action(() =>
      print(`smi-mesh ${programVersion()} (node ${process.versions.node}, ${process.platform} ${process.arch})`),
    );
}
