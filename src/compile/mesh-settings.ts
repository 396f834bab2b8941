import type { MeshSettings } from '../model/types.ts';
import type { MeshInput } from './input.ts';

/**
 * The settings in force: those of the MeshConfig go before those of the caller. A MeshConfig that is there but refused
 * might have said anything, so then every setting is the narrowest.
 */
export function meshSettings(meshConfig: MeshInput['meshConfig'], refused: boolean, given: MeshSettings): MeshSettings {
  if (meshConfig !== undefined) {
    const { clientAccess, accessLog, metrics, ...settings } = { ...given, ...meshConfig.settings };
    return {
      ...settings,
      ...(clientAccess === 'refuse' ? { clientAccess } : {}),
      ...(accessLog === 'all' ? { accessLog } : {}),
      ...(metrics === 'none' ? { metrics } : {}),
    };
  }
  return refused ? { ...given, ...narrowest } : given;
}

const narrowest = {
  accessMode: 'deny',
  pathRegexMode: 'full',
  crossNamespaceTargets: 'refuse',
  outboundMode: 'registry-only',
} as const;

/** The mode of a namespace is what the MeshConfig says of it, and otherwise that of the mesh. */
export function pathRegexModes(
  { meshConfig }: MeshInput,
  settings: MeshSettings,
): (namespace: string) => MeshSettings['pathRegexMode'] {
  const namespaces = new Map(Object.entries(meshConfig?.namespaces ?? {}));
  return (namespace) => namespaces.get(namespace)?.pathRegexMode ?? settings.pathRegexMode;
}
