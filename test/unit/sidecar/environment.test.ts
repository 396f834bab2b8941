import { expect, test } from 'vitest';
import { readEnvironment } from '../../../src/sidecar/environment.ts';

const injected = {
  POD_NAME: 'web-1',
  POD_NAMESPACE: 'shop',
  POD_UID: '1',
  POD_IPS: '10.244.1.7,fd00::7',
  NODE_NAME: 'kn1',
  SMI_MESH_CONTROL_PLANE: 'smi-mesh-controller.smi-mesh-system.svc',
  SMI_MESH_TRUST_DOMAIN: 'cluster.local',
  SMI_MESH_GRACE_SECONDS: '45',
  SMI_MESH_PROBES: '{"web/liveness":{"target":{"kind":"tcp","port":80},"timeoutSeconds":1}}',
};

test('a sidecar reads its pod and its mesh from the environment that the injection writes', () => {
  expect(readEnvironment(injected)).toEqual({
    ok: true,
    value: {
      pod: 'web-1',
      namespace: 'shop',
      uid: '1',
      addresses: ['10.244.1.7', 'fd00::7'],
      node: 'kn1',
      controlPlane: 'smi-mesh-controller.smi-mesh-system.svc',
      trustDomain: 'cluster.local',
      probes: { 'web/liveness': { target: { kind: 'tcp', port: 80 }, timeoutSeconds: 1 } },
      graceSeconds: 45,
    },
  });
});

test.each([
  ['POD_NAME', undefined, 'POD_NAME is not set'],
  ['POD_IPS', '10.244.1.7,web', 'POD_IPS: "web"'],
  ['SMI_MESH_TRUST_DOMAIN', 'Not A Domain', 'SMI_MESH_TRUST_DOMAIN'],
  ['SMI_MESH_PROBES', 'nonsense', 'SMI_MESH_PROBES'],
  ['SMI_MESH_GRACE_SECONDS', 'long', 'SMI_MESH_GRACE_SECONDS'],
])('%s that is %s is an error that names it', (name, value, because) => {
  expect(readEnvironment({ ...injected, [name]: value })).toEqual({
    ok: false,
    error: expect.stringContaining(because),
  });
});
