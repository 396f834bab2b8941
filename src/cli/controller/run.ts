import { setTimeout as pause } from 'node:timers/promises';
import type { Controller } from '../../control/cluster/controller.ts';
import { createLog, type Log } from '../../control/cluster/log.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { connect } from '../../kubernetes-client/connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { stopSignal } from '../stop-signal.ts';
import { type BridgeChoice, bridgeTarget } from './bridge.ts';
import { type ReplicaOptions, startReplica } from './replica.ts';
import { readSettings } from './settings.ts';

export interface ControllerCommandOptions extends Omit<ReplicaOptions, 'bridge'>, BridgeChoice {
  readonly config?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  /** For how long it goes on once it is asked to end, in milliseconds. */
  readonly drain: number;
}

/** Runs a replica until a signal; returns the exit code. */
export async function runController(options: ControllerCommandOptions): Promise<number> {
  const stopped = stopSignal();
  const write = (line: string) => process.stdout.write(line);
  const settings = readSettings(options.config);
  if (!settings.ok) return refuse(createLog('info', write), settings.error);
  const log = createLog(settings.value.log.level, write);
  const bridge = await bridgeTarget(options);
  if (!bridge.ok) return refuse(log, bridge.error);
  const { kubeconfig, context } = options;
  const connected = await connect({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  if (!connected.ok) {
    log.error(connected.error.diagnostic.message);
    return exitCodes.unreachable;
  }
  let replica: Controller;
  try {
    replica = await startReplica(
      { ...options, ...(bridge.value === undefined ? {} : { bridge: bridge.value }) },
      settings.value,
      connected.value,
      log,
    );
  } catch (error) {
    return cannotRun(log, error);
  }
  try {
    const failed = replica.serving.then(() => new Promise<never>(() => undefined));
    await Promise.race([stopped, failed]);
    log.info('stopping', { drainSeconds: options.drain / 1_000 });
    await pause(options.drain);
    return exitCodes.fine;
  } catch (error) {
    return cannotRun(log, error);
  } finally {
    await replica.stop();
    log.info('stopped');
  }
}

function refuse(log: Log, findings: readonly Diagnostic[]): number {
  for (const { message, code, hint, origin } of findings) log.error(message, { code, field: origin?.path, hint });
  return exitCodes.findings;
}

function cannotRun(log: Log, error: unknown): number {
  log.error('the controller cannot run', { because: error instanceof Error ? error.message : String(error) });
  return exitCodes.unreachable;
}
