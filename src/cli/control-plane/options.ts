import { type Command, Option } from 'commander';
import { systemNamespace } from '../../kubernetes/names.ts';
import { kubeconfigOption } from '../cluster-input.ts';

/** Which control plane is meant. */
export function withControlPlane(command: Command): Command {
  return command
    .addOption(
      new Option('-f, --folder <folder>', 'the folder that the control plane serves').default('.', 'the current one'),
    )
    .option('--state <directory>', 'its state directory, where that is not the usual one of the folder')
    .option('--context [name]', 'the controller of a cluster: of this context of the kubeconfig, or of the current one')
    .addOption(kubeconfigOption())
    .option('-n, --namespace <name>', 'with --context: namespace of the controller', systemNamespace);
}
