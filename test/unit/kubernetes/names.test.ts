import { describe, expect, it } from 'vitest';
import {
  clusterNamespaces,
  configKey,
  controllerLabels,
  controllerPorts,
  credentialFiles,
  injectLabel,
  podAnnotations,
  sidecarContainers,
  sidecarPaths,
  sidecarPorts,
  sidecarUser,
  sidecarVariables,
  systemNames,
  systemNamespace,
  tokenAudience,
  trustBundle,
} from '../../../src/kubernetes/names.ts';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

describe('names that the parts of a mesh share', () => {
  it('are names of objects and containers in Kubernetes', () => {
    const names = [systemNamespace, ...clusterNamespaces, trustBundle.configMap, tokenAudience];
    for (const name of [...names, ...Object.values(systemNames), ...Object.values(sidecarContainers)]) {
      expect(name).toMatch(label);
    }
  });

  it('are keys of labels and annotations, ours under our own domain', () => {
    expect([injectLabel, ...Object.values(podAnnotations)]).toSatisfy((keys: readonly string[]) =>
      keys.every((key) => /^smi-mesh\.io\/[a-z-]+$/.test(key)),
    );
    for (const value of Object.values(controllerLabels)) expect(value).toMatch(label);
  });

  it.each([
    ['ports of a sidecar', Object.values(sidecarPorts)],
    ['ports of the controller', Object.values(controllerPorts)],
    ['annotations', Object.values(podAnnotations)],
    ['variables', Object.values(sidecarVariables)],
    ['paths', Object.values(sidecarPaths)],
  ])('%s are all different', (_what, values: readonly (string | number)[]) => {
    expect(new Set(values).size).toBe(values.length);
  });

  it('leaves no way to run a sidecar as root', () => {
    expect(sidecarUser).toBeGreaterThan(0);
  });

  it('names the keys of mounted files', () => {
    expect([...Object.values(credentialFiles), configKey]).toEqual(['token', 'trust-bundle.pem', 'config.yaml']);
  });
});
