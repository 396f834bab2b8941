import type { Target } from '../../conformance/target.ts';
import { dataPlanes } from '../data-planes.ts';
import { envoyRuntime, findEnvoy } from '../envoy-runtime.ts';
import type { TargetName } from './target-names.ts';

/** The target of a name; nothing where it needs an Envoy and there is none. */
export async function targetNamed(name: TargetName, envoyFile: string | undefined): Promise<Target | undefined> {
  if (name === 'simulated') return (await import('../../conformance/targets/simulated.ts')).simulatedTarget();
  const { localEnvoyTarget, localTarget } = await import('../../conformance/targets/local/target.ts');
  if (name === 'local') return localTarget(dataPlanes);
  const binary = findEnvoy(envoyFile);
  return binary === undefined ? undefined : localEnvoyTarget(dataPlanes, envoyRuntime(binary));
}
