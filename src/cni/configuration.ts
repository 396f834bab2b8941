import { type Fields, isRecord } from '../lib/values.ts';

export const pluginType = 'smi-mesh-cni';
/** Sorts before what others write. */
const wrappedPrefix = '00-smi-mesh-';

/** The text of a list of plug-ins with ours at its end; undefined when it is there already, or the text is no such list. */
export function withPlugin(text: string, kubeconfig: string): string | undefined {
  const list = pluginList(text);
  if (list === undefined) return undefined;
  const ours = { type: pluginType, kubeconfig };
  const last = list.plugins.at(-1);
  if (isRecord(last) && last.type === pluginType && last.kubeconfig === kubeconfig) return undefined;
  return written({ ...list.value, plugins: [...list.plugins.filter((plugin) => !isOurs(plugin)), ours] });
}

/** The text without ours; undefined when it is not there. */
export function withoutPlugin(text: string): string | undefined {
  const list = pluginList(text);
  if (list === undefined || !list.plugins.some(isOurs)) return undefined;
  return written({ ...list.value, plugins: list.plugins.filter((plugin) => !isOurs(plugin)) });
}

/** The list that one plug-in alone makes; undefined when the text is none. */
export function wrapped(text: string): string | undefined {
  const value = parsed(text);
  if (value === undefined || typeof value.type !== 'string') return undefined;
  const { cniVersion = '0.3.1', name = 'network', ...plugin } = value;
  return written({ cniVersion, name, plugins: [plugin] });
}

/** The file of the list that stands for a file with one plug-in alone. */
export function wrappedName(file: string): string {
  return `${wrappedPrefix}${file.replace(/\.[^.]+$/, '')}.conflist`;
}

export function isWrapped(file: string): boolean {
  return file.startsWith(wrappedPrefix);
}

function pluginList(text: string): { readonly value: Fields; readonly plugins: readonly unknown[] } | undefined {
  const value = parsed(text);
  return value !== undefined && Array.isArray(value.plugins) ? { value, plugins: value.plugins } : undefined;
}

function isOurs(plugin: unknown): boolean {
  return isRecord(plugin) && plugin.type === pluginType;
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function written(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
