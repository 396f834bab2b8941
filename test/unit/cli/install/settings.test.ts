import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { imageOf, type SettingOptions, valuesOf } from '../../../../src/cli/install/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const none: SettingOptions = { namespace: 'x', values: [], ha: true };

describe('the reference of an image', () => {
  test.each([
    ['mesh', { repository: 'mesh' }],
    ['registry.example:5000/mesh', { repository: 'registry.example:5000/mesh' }],
    ['registry.example:5000/mesh:1.2', { repository: 'registry.example:5000/mesh', tag: '1.2', digest: '' }],
    ['mesh:1@sha256:ab', { repository: 'mesh', tag: '1', digest: 'sha256:ab' }],
  ])('%s', (reference, image) => {
    expect(imageOf(reference)).toEqual(image);
  });
});

test('no options are no values', () => {
  expect(valuesOf(none)).toEqual({ ok: true, value: [] });
});

test('each option is the value of the chart that it stands for', () => {
  const options = {
    ...none,
    ha: false,
    trustDomain: 'example.org',
    dataPlane: 'envoy',
    cni: true,
    certManager: true,
  } as const;
  expect(valuesOf(options)).toEqual({
    ok: true,
    value: [
      {
        controller: { replicas: 1 },
        cni: { enabled: true },
        certManager: { enabled: true },
        config: { trustDomain: 'example.org', injection: { dataPlane: 'envoy' } },
      },
    ],
  });
  expect(valuesOf({ ...none, ha: false, replicas: 2 })).toEqual({ ok: true, value: [{ controller: { replicas: 2 } }] });
});

test('files come before options, and a file that cannot be read is said', () => {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, 'controller:\n  replicas: 4\n');
  expect(valuesOf({ ...none, values: [file], replicas: 5 })).toEqual({
    ok: true,
    value: [{ controller: { replicas: 4 } }, { controller: { replicas: 5 } }],
  });
  writeFileSync(file, '- 1\n');
  expect(valuesOf({ ...none, values: [file] })).toEqual({ ok: false, error: `${file} holds no mapping` });
  expect(valuesOf({ ...none, values: [join(folder, 'none')] })).toMatchObject({ ok: false });
});
