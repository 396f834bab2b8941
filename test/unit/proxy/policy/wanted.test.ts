import { expect, test } from 'vitest';
import { wantedNames } from '../../../../src/proxy/ads/wanted.ts';
import { resourceFromJson } from '../../../../src/proxy/config/decode.ts';
import { ResourceSet } from '../../../../src/proxy/config/resources.ts';
import { service, workload } from '../support/mesh.ts';

test('the endpoints of mirrors are asked for like those of targets', () => {
  const listener = { address: '127.0.0.1', port: 1, protocol: 'HTTP', services: ['default/store:80'] };
  const policies = [{ any: true }, { any: true, mirror: { endpoints: 'default/shadow:80', share: 1 } }];
  const resources = [
    workload({ name: 'default/client', outbound: [listener] }),
    service('store', 80, { store: 1 }, { policies }),
  ].map((json) => {
    const resource = resourceFromJson(json);
    if (!resource.ok) throw new Error(resource.error);
    return resource.value;
  });
  const wanted = wantedNames('default/client', new ResourceSet().with(resources));
  expect([...wanted.Endpoints]).toEqual(['default/store:80', 'default/shadow:80']);
});
