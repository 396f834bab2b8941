import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Loader } from '../../../src/control/loader.ts';

const split = (name: string, weight: number | string) => `apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: { name: ${name} }
spec:
  service: ${name}
  backends: [{ service: v1, weight: ${weight} }]
`;
const key = (name: string) => `split.smi-spec.io/TrafficSplit/default/${name}`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-last-good-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string) => join(directory, name);
const write = (name: string, text: string) => writeFileSync(file(name), text);
const state = () => mkdtempSync(join(directory, '.state-'));
const weights = (loader: Loader) => {
  const load = loader.load();
  const inForce = load.input.splits.map(({ meta, backends }) => `${meta.name}=${backends[0]?.weight}`).sort();
  return { inForce, refused: load.refused, changed: load.changed, diagnostics: load.diagnostics };
};

describe('what is in force', () => {
  it('is the last good version of an object with an error, and the newest of its neighbours', () => {
    write('a.yaml', `${split('x', 1)}---\n${split('y', 1)}`);
    const loader = new Loader([directory], undefined);
    expect(weights(loader).inForce).toEqual(['x=1', 'y=1']);
    write('a.yaml', `${split('x', -1)}---\n${split('y', 2)}`);
    const broken = weights(loader);
    expect(broken.inForce).toEqual(['x=1', 'y=2']);
    expect(broken.refused).toEqual([key('x')]);
    expect(broken.changed).toEqual([key('y')]);
    expect(broken.diagnostics.map(({ code }) => code)).toContain('SMI6001');
    write('a.yaml', `${split('x', 3)}---\n${split('y', 2)}`);
    expect(weights(loader)).toMatchObject({ inForce: ['x=3', 'y=2'], refused: [], changed: [key('x')] });
  });

  it('is the last good MeshConfig while the newest has an error', () => {
    const config = (mode: string) =>
      `apiVersion: config.smi-mesh.io/v1alpha1\nkind: MeshConfig\nmetadata: { name: default }\nspec: { accessMode: ${mode} }\n`;
    write('mesh.yaml', config('audit'));
    const loader = new Loader([directory], undefined);
    expect(loader.load().input.meshConfig?.settings).toEqual({ accessMode: 'audit' });
    write('mesh.yaml', config('open'));
    const broken = loader.load();
    expect(broken.input.meshConfig?.settings).toEqual({ accessMode: 'audit' });
    expect(broken.refused).toEqual(['config.smi-mesh.io/MeshConfig/default/default']);
  });

  it('lacks an object that never was good', () => {
    write('a.yaml', split('x', -1));
    expect(weights(new Loader([directory], undefined))).toMatchObject({ inForce: [], refused: [key('x')] });
  });

  it('keeps everything of a file that cannot be parsed, and nothing that went from a sound one', () => {
    write('a.yaml', split('x', 1));
    write('b.yaml', `${split('y', 1)}---\n${split('z', 1)}`);
    const loader = new Loader([directory], undefined);
    loader.load();
    write('a.yaml', 'spec: ][');
    write('b.yaml', split('y', 1));
    const broken = weights(loader);
    expect(broken.inForce).toEqual(['x=1', 'y=1']);
    expect(broken.refused).toEqual([key('x')]);
    expect(broken.changed).toEqual([key('z')]);
  });

  it('keeps objects of a folder that is away, and drops those of a file that was deleted from it', () => {
    write('a.yaml', split('x', 1));
    write('b.yaml', split('y', 1));
    const loader = new Loader([directory], undefined);
    loader.load();
    rmSync(file('b.yaml'));
    expect(weights(loader).inForce).toEqual(['x=1']);
    rmSync(directory, { recursive: true });
    expect(weights(loader).inForce).toEqual(['x=1']);
  });

  it('takes an object from the sound file to which it moved', () => {
    write('a.yaml', split('x', 1));
    const loader = new Loader([directory], undefined);
    loader.load();
    write('a.yaml', '{');
    write('b.yaml', split('x', 2));
    expect(weights(loader)).toMatchObject({ inForce: ['x=2'], refused: [] });
  });

  it('refuses an object with two contradicting definitions, and keeps what it was', () => {
    write('a.yaml', split('x', 1));
    const loader = new Loader([directory], undefined);
    loader.load();
    write('b.yaml', split('x', 2));
    expect(weights(loader)).toMatchObject({ inForce: ['x=1'], refused: [key('x')] });
  });
});

describe('what survives the process', () => {
  it('is what was in force', () => {
    const kept = state();
    write('a.yaml', split('x', 1));
    new Loader([directory], kept).load();
    write('a.yaml', split('x', -1));
    expect(weights(new Loader([directory], kept)).inForce).toEqual(['x=1']);
    expect(statSync(join(kept, 'last-good.json')).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{', '[]', '{"formatVersion":1,"documents":[{}]}', '{"formatVersion":99,"documents":[]}'])(
    'is nothing, with a warning, when the file holds %j',
    (text) => {
      const kept = state();
      writeFileSync(join(kept, 'last-good.json'), text);
      write('a.yaml', split('x', 1));
      const load = weights(new Loader([directory], kept));
      expect(load.inForce).toEqual(['x=1']);
      expect(load.diagnostics.map(({ code }) => code)).toContain('SMI6002');
    },
  );

  it('never holds objects of other kinds, such as secrets', () => {
    const kept = state();
    write('a.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { password: hunter2 }\n');
    const loader = new Loader([directory], kept);
    expect(loader.load().changed).toEqual([]);
  });
});
