import { describe, expect, it } from 'vitest';
import { decodeControllerConfig } from '../../../src/config/controller/decode.ts';
import { injectionSettings } from '../../../src/injection/settings.ts';
import { containerOf, injected, podWith } from './support.ts';

describe('the settings of the controller', () => {
  it('decide what sidecars are like', () => {
    const config = decodeControllerConfig({
      injection: {
        images: { mesh: 'mesh:1', envoy: 'envoy:1', pullPolicy: 'Never' },
        resources: { cpuRequest: '7m', memoryRequest: '70Mi', memoryLimit: '700Mi' },
        exclude: { inboundPorts: [22], outboundPorts: [25], outboundRanges: ['10.1.0.0/16', '::1'], uids: [7] },
      },
      log: { level: 'debug' },
    });
    if (!config.ok) throw new Error(JSON.stringify(config.error));
    const { pod } = injected(podWith(), { settings: injectionSettings(config.value) });
    expect(containerOf(pod, 'smi-mesh-init').command?.slice(4)).toEqual([
      ...['--exclude-inbound-ports', '22', '--exclude-outbound-ports', '25'],
      ...['--exclude-outbound-ranges', '10.1.0.0/16,::1/128', '--exclude-uids', '7'],
    ]);
    const proxy = containerOf(pod, 'smi-mesh-proxy');
    expect(proxy).toMatchObject({
      image: 'mesh:1',
      imagePullPolicy: 'Never',
      resources: { requests: { cpu: '7m', memory: '70Mi' }, limits: { memory: '700Mi' } },
    });
    expect(proxy.env?.find(({ name }) => name === 'SMI_MESH_LOG_LEVEL')?.value).toBe('debug');
  });

  it.each([
    [{ exclude: { outboundRanges: ['10.1.0.0/33'] } }, 'injection.exclude.outboundRanges'],
    [{ resources: { cpuRequest: 'lots' } }, 'injection.resources.cpuRequest'],
  ])('%j is refused', (injection, path) => {
    const config = decodeControllerConfig({ injection });
    expect(config.ok ? [] : config.error.map(({ code, origin }) => [code, origin?.path])).toEqual([['SMI2012', path]]);
  });
});
