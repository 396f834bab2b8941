import { beforeEach, describe, expect, it } from 'vitest';
import type { Fault, RefusedVersion } from '../../../../src/control/refusals/refusal.ts';
import { RefusalTracker } from '../../../../src/control/refusals/tracker.ts';

const about = (version: string, resource = 'a'): RefusedVersion => ({ typeUrl: 'test/Thing', resource, version });
const by = (node: string) => ({ node, since: 1, detail: 'no' });
const fault: Omit<Fault, 'id'> = {
  by: 'resource',
  objects: [],
  related: [],
  diagnostic: { code: 'SMI5101', severity: 'error', message: 'no', hint: '' },
};

let found: string[];
let told: string[];
let tracker: RefusalTracker;
beforeEach(() => {
  found = [];
  told = [];
  tracker = new RefusalTracker({
    find: ({ version }) => {
      found.push(version);
      return { ...fault, id: version };
    },
    onRefused: ({ id }, again) => told.push(`${id} refused${again ? ' again' : ''}`),
    onOver: ({ id }) => told.push(`${id} over`),
  });
});

describe('refusals', () => {
  it('are told once for each fault, however many proxies refuse it', () => {
    for (const node of ['one', 'two', 'two', 'three']) tracker.refused(about('1'), by(node));
    expect(told).toEqual(['1 refused']);
    expect(tracker.standing).toMatchObject([{ id: '1', count: 3, proxies: [{ node: 'one' }, {}, {}] }]);
  });

  it('are over when the last proxy no longer refuses, and look for no fault when it does again', () => {
    tracker.refused(about('1'), by('one'));
    tracker.refused(about('1'), by('two'));
    tracker.recheck('one', () => false);
    expect(tracker.standing).toMatchObject([{ count: 1 }]);
    tracker.recheck('two', () => true);
    tracker.recheck('two', () => false);
    expect(tracker.standing).toEqual([]);
    tracker.refused(about('1'), by('two'));
    expect(told).toEqual(['1 refused', '1 over', '1 refused again']);
    expect(found).toEqual(['1']);
  });

  it('of several resources for one fault are one, and over with the last', () => {
    tracker.refused(about('1', 'a'), by('one'));
    tracker.refused(about('1', 'b'), by('two'));
    expect(tracker.standing).toMatchObject([{ count: 2, resources: [{ resource: 'a' }, { resource: 'b' }] }]);
    expect(tracker.nodes).toEqual(new Set(['one', 'two']));
    tracker.recheck('one', () => false);
    expect(told).toEqual(['1 refused']);
    tracker.recheck('two', () => false);
    expect(told).toEqual(['1 refused', '1 over']);
  });

  it('that are over are remembered to a bound', () => {
    for (let version = 0; version < 500; version += 1) {
      tracker.refused(about(String(version)), by('one'));
      tracker.recheck('one', () => false);
    }
    expect(tracker.diagnosticOf(about('499'))).toBeDefined();
    expect(tracker.diagnosticOf(about('0'))).toBeUndefined();
  });
});
