import { describe, expect, test } from 'vitest';
import { buildEnvironment } from '../../../../src/control/local/environment.ts';
import { container, service } from './fixtures.ts';

const input = {
  namespace: 'default',
  pod: 'web-0',
  address: '127.9.0.1',
  annotations: {},
  container: container(),
  appPort: 16_000,
  services: [service('book-store', 80), service('ledger', 90, 'bank')],
  outbound: [
    { service: 'default/book-store', port: 80, listen: 20_000 },
    { service: 'bank/ledger', port: 90, listen: 20_001 },
  ],
};

describe('the environment of a program', () => {
  test('names the Services of its namespace as Kubernetes does, at its own sidecar', () => {
    expect(buildEnvironment(input)).toMatchObject({
      BOOK_STORE_SERVICE_HOST: '127.9.0.1',
      BOOK_STORE_SERVICE_PORT: '20000',
      BOOK_STORE_SERVICE_PORT_HTTP_MAIN: '20000',
    });
  });

  test('names the Services of other namespaces with their namespace', () => {
    const environment = buildEnvironment(input);
    expect(environment).toMatchObject({ LEDGER_BANK_SERVICE_HOST: '127.9.0.1', LEDGER_BANK_SERVICE_PORT: '20001' });
    expect(environment).not.toHaveProperty('LEDGER_SERVICE_HOST');
  });

  test('tells a UDP port from the TCP port of its number', () => {
    const dns = service('dns', 53);
    const [tcp] = dns.ports;
    const ports = [
      { ...tcp!, name: 'dns', protocol: 'UDP' as const },
      { ...tcp!, name: 'dns-tcp' },
    ];
    const outbound = [
      { service: 'default/dns', port: 53, listen: 20_000 },
      { service: 'default/dns', port: 53, udp: true as const, listen: 20_001 },
    ];
    expect(buildEnvironment({ ...input, services: [{ ...dns, ports }], outbound })).toMatchObject({
      DNS_SERVICE_PORT: '20001',
      DNS_SERVICE_PORT_DNS: '20001',
      DNS_SERVICE_PORT_DNS_TCP: '20000',
    });
  });

  test('says where to listen and who it is', () => {
    expect(buildEnvironment(input)).toMatchObject({
      HOST: '127.9.0.1',
      PORT: '16000',
      POD_IP: '127.9.0.1',
      POD_NAME: 'web-0',
      POD_NAMESPACE: 'default',
    });
  });

  test('puts the port into the variable that the annotation names', () => {
    const environment = buildEnvironment({ ...input, annotations: { 'smi-mesh.io/port-variable': 'LISTEN_ON' } });
    expect(environment).toMatchObject({ LISTEN_ON: '16000' });
    expect(environment).not.toHaveProperty('PORT');
  });

  test('lets what the container sets win', () => {
    const own = container({ env: [{ name: 'HOST', value: '::1' }, { name: 'FROM_SECRET' }] });
    const environment = buildEnvironment({ ...input, container: own });
    expect(environment.HOST).toBe('::1');
    expect(environment).not.toHaveProperty('FROM_SECRET');
  });

  test('leaves out Services that have no listener at the sidecar', () => {
    expect(buildEnvironment({ ...input, outbound: [] })).not.toHaveProperty('BOOK_STORE_SERVICE_HOST');
  });
});
