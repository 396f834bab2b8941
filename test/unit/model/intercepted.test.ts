import { describe, expect, it } from 'vitest';
import type { ServiceObject } from '../../../src/kubernetes/types.ts';
import { decide } from '../../../src/model/decide.ts';
import { compile, http, pod, service, tcp } from '../../support/objects.ts';

const { selector: _, ...apiserver } = service('apiserver', { clusterIPs: ['10.96.0.3'], ports: ['443:6443 https'] });

/** Pods that are not of a local runtime are intercepted. */
const { model } = compile(
  {
    services: [
      service('shop', { clusterIPs: ['10.96.0.1', 'fd96::1'] }),
      service('store', { clusterIPs: ['10.96.0.2'] }),
      apiserver satisfies ServiceObject,
    ],
    pods: [pod('shop', { ips: ['10.1.0.1'] }), pod('store', { ips: ['10.1.0.2'] }), pod('client')],
  },
  { accessMode: 'allow', outboundMode: 'registry-only' },
);

describe('decide() about an intercepted client', () => {
  it.each(['shop', '10.96.0.1', '[fd96::1]'])('takes %s for the Service, whatever the request says', (host) => {
    for (const said of ['shop', 'store', 'www.outside.test', 'nowhere']) {
      const request = { ...http('client', 'shop:80', 'GET /', { host: said }), to: { host, port: 80 } };
      expect(decide(model, request).service).toBe('default/shop');
    }
  });

  it('asks nobody about a cluster IP whose endpoints are no pods', () => {
    const { outcome, targets } = decide(model, tcp('client', 'apiserver:443'));
    expect([outcome, targets.map(({ verdict }) => verdict)]).toEqual(['routed', ['allow']]);
  });
});
