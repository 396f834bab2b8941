import type { XdsEvent } from '../../xds/contract.ts';
import type { LocatedDiagnostic } from '../messages.ts';
import type { ControlPlaneEvent } from '../plane.ts';
import type { Log } from './log.ts';

/** Objects that one line names. */
const maxNamed = 20;

/** Writes what happens to a log, findings when they appear and when they are gone. */
export class PlaneLog {
  readonly #log: Log;
  #findings: ReadonlyMap<string, LocatedDiagnostic> = new Map();

  constructor(log: Log) {
    this.#log = log;
  }

  tell(event: ControlPlaneEvent): void {
    switch (event.type) {
      case 'loaded':
        this.#tellFindings(event.diagnostics);
        if (event.changed.length > 0) {
          const { generation, changed } = event;
          this.#log.info('objects changed', { generation, objects: changed.slice(0, maxNamed), count: changed.length });
        }
        return;
      case 'published': {
        const { generation, changedUnits, workloads } = event;
        this.#log.debug('published', { generation, changedUnits: changedUnits.length, workloads });
        return;
      }
      case 'finding':
        this.#tellFinding(event.diagnostic);
        return;
      case 'nack':
        this.#log.warn('a proxy refused configuration', {
          workload: event.workload,
          resources: event.resources,
          detail: event.detail,
        });
        return;
      case 'recovered':
        this.#log.info('no proxy refuses it any more', { resources: event.resources });
    }
  }

  tellProxy(event: XdsEvent): void {
    if (event.kind === 'connected' || event.kind === 'disconnected') {
      this.#log.debug(`a proxy ${event.kind}`, { workload: event.node });
    } else if (event.kind === 'refused') {
      this.#log.warn('a proxy was turned away', { workload: event.node, because: event.because });
    }
  }

  #tellFindings(diagnostics: readonly LocatedDiagnostic[]): void {
    const now = new Map(diagnostics.map((found) => [textOf(found), found]));
    for (const [text, found] of now) if (!this.#findings.has(text)) this.#tellFinding(found);
    for (const [text, { code, origin }] of this.#findings) {
      if (!now.has(text)) this.#log.info('a finding is gone', { code, object: origin?.object });
    }
    this.#findings = now;
  }

  #tellFinding({ severity, code, message, hint, origin }: LocatedDiagnostic): void {
    const level = severity === 'error' ? 'error' : severity === 'warning' ? 'warn' : 'info';
    this.#log[level](message, { code, object: origin?.object, field: origin?.path, hint });
  }
}

function textOf({ code, message, origin }: LocatedDiagnostic): string {
  return `${code} ${origin?.object} ${origin?.path} ${message}`;
}
