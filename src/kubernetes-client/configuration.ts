import { KubeConfig } from '@kubernetes/client-node';
import { err, ok, type Result } from '../lib/result.ts';
import { closest } from '../lib/suggest.ts';
import { type ClusterFault, fault, sentence } from './fault.ts';

/** The kubeconfig as `kubectl` finds it, with the wanted context made the current one; SMI1010 when there is none. */
export function loadConfiguration(context?: string, kubeconfig?: string): Result<KubeConfig, ClusterFault> {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    return err(fault(`the kubeconfig cannot be read: ${sentence(error)}`));
  }
  // What the library assumes when it finds nothing, which no kubeconfig of a person says.
  if (config.getCurrentContext() === 'loaded-context') return err(fault('no kubeconfig was found'));
  const names = config.getContexts().map(({ name }) => name);
  const wanted = context ?? config.getCurrentContext();
  if (wanted === undefined || wanted === '') return err(fault('the kubeconfig has no current context'));
  if (!names.includes(wanted)) {
    const near = closest(wanted, names);
    const known = near === undefined ? `it has ${names.join(', ') || 'none'}` : `did you mean "${near}"?`;
    return err(fault(`the kubeconfig has no context "${wanted}"; ${known}`));
  }
  config.setCurrentContext(wanted);
  return ok(config);
}
