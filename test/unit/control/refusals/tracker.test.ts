import { beforeEach, describe, expect, it } from 'vitest';
import { type Finding, RefusalTracker, type RefusedVersion } from '../../../../src/control/refusals/tracker.ts';

const about = (version: string): RefusedVersion => ({ typeUrl: 'test/Thing', resource: 'a', version });
const by = (node: string) => ({ node, since: 1, detail: 'no' });
const finding: Finding = {
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
      return finding;
    },
    onRefused: ({ version }, again) => told.push(`${version} refused${again ? ' again' : ''}`),
    onOver: ({ version }) => told.push(`${version} over`),
  });
});

describe('refusals', () => {
  it('are told once for each version, however many proxies refuse it', () => {
    for (const node of ['one', 'two', 'two', 'three']) tracker.refused(about('1'), by(node));
    expect(told).toEqual(['1 refused']);
    expect(tracker.standing).toMatchObject([{ version: '1', count: 3, proxies: [{ node: 'one' }, {}, {}] }]);
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

  it('that are over are remembered to a bound', () => {
    for (let version = 0; version < 500; version += 1) {
      tracker.refused(about(String(version)), by('one'));
      tracker.recheck('one', () => false);
    }
    expect(tracker.diagnosticOf(about('499'))).toBeDefined();
    expect(tracker.diagnosticOf(about('0'))).toBeUndefined();
  });
});
