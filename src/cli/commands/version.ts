import { Command } from 'commander';
import { packageVersion } from '../../lib/package-version.ts';
import { print } from '../output.ts';

export function versionCommand(): Command {
  return new Command('version')
    .description('print the version of smi-mesh and of the Node that runs it')
    .action(() =>
      print(`smi-mesh ${packageVersion()} (node ${process.versions.node}, ${process.platform} ${process.arch})`),
    );
}
