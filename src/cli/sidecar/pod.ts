import { join } from 'node:path';
import { controlPlaneIdentity } from '../../control/plane.ts';
import { controllerPorts, credentialFiles, sidecarPaths, sidecarPorts } from '../../kubernetes/names.ts';
import { type HealthServer, type HealthServerOptions, startHealthServer } from '../../probes/server.ts';
import { readEnvironment, type SidecarEnvironment } from '../../sidecar/environment.ts';
import { type SvidFileNames, SvidFiles } from '../../sidecar/svid-files.ts';
import { SvidKeeper } from '../../sidecar/svid-keeper.ts';
import { exitCodes } from '../exit-codes.ts';
import { stopSignal } from '../stop-signal.ts';

/** A pod and its mesh as its sidecar sees them. */
export interface PodSidecar {
  readonly environment: SidecarEnvironment;
  /** `NAMESPACE/POD`. */
  readonly node: string;
  readonly log: (line: string) => void;
  /** Aborts when the pod ends. */
  readonly signal: AbortSignal;
}

/** The control plane as sidecars know it. */
export function controlPlaneOf({ controlPlane, trustDomain }: SidecarEnvironment) {
  return { address: controlPlane, port: controllerPorts.ads, identity: controlPlaneIdentity(trustDomain) };
}

/** Runs what a sidecar's container does, with what its environment says; the exit code. */
export async function inPod(name: string, work: (pod: PodSidecar) => Promise<void>): Promise<number> {
  const environment = readEnvironment(process.env);
  if (!environment.ok) {
    process.stderr.write(`smi-cli ${name}: ${environment.error}\n`);
    return exitCodes.usage;
  }
  const node = `${environment.value.namespace}/${environment.value.pod}`;
  const log = (line: string) => process.stderr.write(`${new Date().toISOString()} ${node} ${line}\n`);
  const stopped = new AbortController();
  void stopSignal().then(() => stopped.abort());
  try {
    await work({ environment: environment.value, node, log, signal: stopped.signal });
    return exitCodes.fine;
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
    return exitCodes.unreachable;
  }
}

export function svidKeeper({ environment, log, signal }: PodSidecar, names: SvidFileNames): SvidKeeper {
  return new SvidKeeper({
    request: {
      address: environment.controlPlane,
      port: controllerPorts.identity,
      serverIdentity: controlPlaneIdentity(environment.trustDomain),
      trustBundleFile: join(sidecarPaths.credentials, credentialFiles.trustBundle),
      tokenFile: join(sidecarPaths.credentials, credentialFiles.token),
      pod: environment.pod,
    },
    files: new SvidFiles(sidecarPaths.state, names),
    signal,
    log,
  });
}

export function serveHealth(
  { environment }: PodSidecar,
  state: Pick<HealthServerOptions, 'ready' | 'started' | 'arrivals'>,
): Promise<HealthServer> {
  const { addresses, probes, graceSeconds } = environment;
  return startHealthServer({ port: sidecarPorts.health, addresses, probes, graceSeconds, ...state });
}
