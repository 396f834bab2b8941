import type { LocalEvent } from '../../control/local/events.ts';
import type { LocatedDiagnostic } from '../../control/messages.ts';
import { describeObject } from '../../diagnostics/origin.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { Screen } from './screen.ts';
import { renderTrafficTable } from './traffic-table.ts';
import type { UpView } from './view.ts';

export interface TextViewOptions {
  readonly style: TextStyle;
  /** Leaves out what programs and sidecars print. */
  readonly quiet: boolean;
  readonly renderDiagnostic: (found: LocatedDiagnostic) => readonly string[];
}

type EventOf<T extends LocalEvent['type']> = Extract<LocalEvent, { readonly type: T }>;

/** Prefixed lines as things happen, and the traffic table: below them on a terminal, otherwise among them. */
export function createTextView({ style, quiet, renderDiagnostic }: TextViewOptions): UpView {
  const screen = new Screen(process.stdout);
  const say = (...lines: readonly string[]) => screen.append(lines);
  const denials = new Denials();
  let loads = 0;

  const showTable = ({ rows, seconds, span }: EventOf<'table'>) => {
    const title = span === 'run' ? `whole run (${seconds.toFixed(0)} s)` : `last ${seconds.toFixed(0)} s`;
    const lines = ['', style.dim(title), ...renderTrafficTable(rows, style), ''];
    if (span === 'run') screen.clearBlock();
    if (span === 'recent' && screen.live) screen.setBlock(lines);
    else say(...lines);
  };

  const showReload = ({ changed, refused, errors }: EventOf<'reload'>) => {
    loads += 1;
    if (errors > 0) {
      const kept = refused.length === 0 ? '' : ` (${refused.map(describeObject).join(', ')})`;
      say(style.red(`${errors} ${errors === 1 ? 'error' : 'errors'}: what was good before stays in force${kept}`));
    } else if (loads > 1) {
      say(
        style.dim(
          changed.length === 0 ? 'read again: nothing changed' : `changed: ${changed.map(describeObject).join(', ')}`,
        ),
      );
    }
  };

  const showProcess = ({ pod, part, state, reason, retryMillis }: EventOf<'process'>) => {
    if (state === 'started' || state === 'stopped') return;
    const what = pod === '' ? 'the control plane' : `${short(pod)} ${part}`;
    const ended = state === 'failed' ? 'could not start' : 'ended';
    say(style.yellow(`${what} ${ended} (${reason}); it is started again in ${retryMillis} ms`));
  };

  const showLine = ({ pod, part, line }: EventOf<'log'>) => {
    const shown = part === 'sidecar' ? denials.condense(pod, line) : line;
    if (shown !== undefined) say(`${style.blue(prefix(pod, part))} ${shown}`);
  };

  const show = (event: LocalEvent): void => {
    switch (event.type) {
      case 'log':
        if (!quiet) showLine(event);
        return;
      case 'diagnostic':
        say(...renderDiagnostic(event.diagnostic));
        return;
      case 'table':
        showTable(event);
        return;
      case 'reload':
        showReload(event);
        return;
      case 'process':
        showProcess(event);
        return;
      case 'pod':
        say(style.dim(`${short(event.pod)} is ${event.state === 'not-ready' ? 'not ready' : event.state}`));
        return;
      case 'starting':
        say(
          style.bold(
            `starting ${event.folder} on ${event.addresses} (state in ${event.state}); Ctrl-C stops everything`,
          ),
          style.dim(
            'programs run as you, without containers: they are not isolated from each other or from your files',
          ),
        );
        return;
      case 'dashboard':
        say(`dashboard: ${event.url}`);
        return;
      case 'ready':
        say(style.bold(`${event.pods} pods are ready after ${(event.afterMillis / 1000).toFixed(1)} s`));
        return;
      case 'recovered':
        say(style.dim(`what was wrong with ${event.resources.join(', ')} is over`));
        return;
      case 'nack':
      case 'published':
        return;
      case 'stopped':
        screen.clearBlock();
        say('stopped');
    }
  };
  return { show, end: () => screen.clearBlock() };
}

function prefix(pod: string, part: string): string {
  const name = pod === '' ? part : part === 'sidecar' ? `${short(pod)} sidecar` : short(pod);
  return `${name.padEnd(18)} |`;
}

function short(name: string): string {
  return name.replace(/^default\//, '');
}

const repeatMillis = 10_000;

/**
 * Of what sidecars say, people want to know who was denied, and not every time: the same denial is shown once in ten
 * seconds, with the number of those left out. Everything else is in the JSON events, and in the exit reason of a sidecar
 * that fails.
 */
class Denials {
  readonly #shown = new Map<string, { at: number; since: number }>();

  condense(pod: string, line: string): string | undefined {
    const denial = /denied peer=.*?(?= \(\d+ more before\)|$)/.exec(line)?.[0];
    if (denial === undefined) return undefined;
    const last = this.#shown.get(`${pod} ${denial}`);
    if (last !== undefined && Date.now() - last.at < repeatMillis) {
      last.since += 1 + Number(/\((\d+) more before\)/.exec(line)?.[1] ?? 0);
      return undefined;
    }
    this.#shown.set(`${pod} ${denial}`, { at: Date.now(), since: 0 });
    return last === undefined || last.since === 0 ? denial : `${denial} (${last.since} more before)`;
  }
}
