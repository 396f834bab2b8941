import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isWrapped, pluginType, withoutPlugin, withPlugin, wrapped, wrappedName } from './configuration.ts';
import { copyProgram } from './program.ts';

export interface InstallOptions {
  /** Folders of the node, at the same paths here. */
  readonly binDir: string;
  readonly confDir: string;
  /** The root file system of the image. */
  readonly root: string;
  /** How the plug-in reaches the apiserver. */
  readonly server: string;
  /** Of the account of this pod: `token` and `ca.crt`, which change. */
  readonly account: string;
  readonly log: (line: string) => void;
}

const kubeconfigName = 'smi-mesh-cni.kubeconfig';

/** Puts the program on the node; call it once. */
export function installProgram({ binDir, root, log }: InstallOptions): void {
  log(`the plug-in is ${copyProgram(root, binDir, pluginType)}`);
}

/**
 * Sees that the plug-in is in the configuration of the node, and its credentials fresh; call it again and again, since others
 * write their configuration anew. Tells whether there is a configuration to be in.
 */
export function installConfiguration(options: InstallOptions): boolean {
  const { confDir, log } = options;
  const kubeconfig = join(confDir, kubeconfigName);
  replace(kubeconfig, kubeconfigText(options), 0o600);
  const [first] = configurations(confDir);
  if (first === undefined) return false;
  const text = readFileSync(join(confDir, first), 'utf8');
  const list = wrapped(text);
  const [name, changed] =
    list === undefined ? [first, withPlugin(text, kubeconfig)] : [wrappedName(first), withPlugin(list, kubeconfig)];
  if (changed === undefined) return true;
  replace(join(confDir, name), changed, 0o644);
  log(`the plug-in is in ${join(confDir, name)}`);
  return true;
}

/** Takes the plug-in out of the configuration again, and its credentials away. The program stays: the runtime may be about to run it. */
export function uninstallConfiguration({ confDir, log }: InstallOptions): void {
  for (const name of configurations(confDir)) {
    const file = join(confDir, name);
    if (isWrapped(name)) rmSync(file, { force: true });
    else {
      const changed = withoutPlugin(readFileSync(file, 'utf8'));
      if (changed === undefined) continue;
      replace(file, changed, 0o644);
    }
    log(`the plug-in is no longer in ${file}`);
  }
  rmSync(join(confDir, kubeconfigName), { force: true });
}

/** As runtimes look at them: the first by name is the one that counts. */
function configurations(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.(conflist|conf|json)$/.test(name))
    .sort();
}

/** JSON is YAML too. */
function kubeconfigText({ server, account }: InstallOptions): string {
  const read = (name: string) => readFileSync(join(account, name), 'utf8');
  const ca = Buffer.from(read('ca.crt')).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: pluginType, user: { token: read('token').trim() } }],
    contexts: [{ name: pluginType, context: { cluster: 'cluster', user: pluginType } }],
    'current-context': pluginType,
  });
}

/** Whole or not at all, and only when something changes. */
function replace(file: string, text: string, mode: number): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}
