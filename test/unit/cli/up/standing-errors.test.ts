import { describe, expect, it } from 'vitest';
import { StandingErrors } from '../../../../src/cli/up/standing-errors.ts';
import type { LocalEvent } from '../../../../src/control/local/events.ts';

const nack = (id: string): LocalEvent => ({
  ...{ type: 'nack', id, workload: 'default/a', typeUrl: 'test/Thing', resources: ['x'], detail: 'no', origins: [] },
});
const recovered = (id: string): LocalEvent => ({ type: 'recovered', id, resources: ['x'] });
const reload = (errors: number): LocalEvent => ({ type: 'reload', generation: 1, changed: [], refused: [], errors });
const finding = (code: string): LocalEvent => ({
  type: 'diagnostic',
  diagnostic: { code, severity: 'error', message: '', hint: '' },
});
const anyAfter = (...events: readonly LocalEvent[]): boolean => {
  const standing = new StandingErrors();
  for (const event of events) standing.observe(event);
  return standing.any;
};

describe('errors that stand', () => {
  it('are those of the last load, and those found since', () => {
    expect(anyAfter(finding('SMI2001'), reload(1))).toBe(true);
    expect(anyAfter(reload(1), reload(0))).toBe(false);
    expect(anyAfter(reload(0), finding('SMI6003'))).toBe(true);
    expect(anyAfter(reload(0), finding('SMI6003'), reload(0))).toBe(false);
  });

  it('are refusals until each is over, whatever is loaded meanwhile', () => {
    expect(anyAfter(nack('1'), finding('SMI5101'), reload(0))).toBe(true);
    expect(anyAfter(nack('1'), finding('SMI5101'), recovered('1'))).toBe(false);
    // A correction that is refused too.
    expect(anyAfter(nack('1'), nack('2'), recovered('1'))).toBe(true);
    expect(anyAfter(nack('1'), nack('2'), recovered('1'), recovered('2'))).toBe(false);
  });

  it('are told anew by a control plane that starts again', () => {
    const started: LocalEvent = { type: 'process', pod: '', part: 'control-plane', state: 'started', pid: 1 };
    expect(anyAfter(nack('1'), started)).toBe(false);
  });
});
