import { type Command, Option } from 'commander';
import { systemNamespace } from '../../kubernetes/names.ts';
import { kubeconfigOption } from '../cluster-input.ts';

/** Which control plane is meant. `folder`: without the short form for commands that give it to something else. */
export function withControlPlane(command: Command, folder = '-f, --folder <folder>'): Command {
  return command
    .addOption(new Option(folder, 'the folder that the control plane serves').default('.', 'the current one'))
    .option('--state <directory>', 'its state directory, where that is not the usual one of the folder')
    .option('--context [name]', 'the controller of a cluster: of this context of the kubeconfig, or of the current one')
    .addOption(kubeconfigOption())
    .option('-n, --namespace <name>', 'with --context: namespace of the controller', systemNamespace);
}
