import { setTimeout as pause } from 'node:timers/promises';
import {
  type InstallOptions,
  installConfiguration,
  installProgram,
  uninstallConfiguration,
} from '../../cni/install.ts';
import { exitCodes } from '../exit-codes.ts';
import { stopSignal } from '../stop-signal.ts';

export interface CniInstallOptions {
  readonly binDir: string;
  readonly confDir: string;
  readonly root: string;
}

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const againMillis = 5_000;

/** Keeps the plug-in installed until a signal; returns the exit code. */
export async function runInstaller({ binDir, confDir, root }: CniInstallOptions): Promise<number> {
  const log = (line: string): void => void process.stdout.write(`smi-cli cni-install: ${line}\n`);
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const options: InstallOptions = { binDir, confDir, root, server, account, log };
  const stopping = new AbortController();
  void stopSignal().then(() => stopping.abort());
  try {
    installProgram(options);
    let waits = false;
    while (!stopping.signal.aborted) {
      const installed = installConfiguration(options);
      if (!installed && !waits) log(`waiting for another plug-in's configuration in ${confDir}`);
      waits = !installed;
      await pause(againMillis, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    uninstallConfiguration(options);
    return exitCodes.fine;
  } catch (error) {
    process.stderr.write(`smi-cli cni-install: ${(error as Error).message}\n`);
    return exitCodes.unreachable;
  }
}
