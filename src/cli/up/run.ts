import { resolve } from 'node:path';
import { grpcBootstrap } from '../../../adapters/grpc/bootstrap.ts';
import type { EnvoyRuntime } from '../../control/local/data-plane.ts';
import type { LocalEvent } from '../../control/local/events.ts';
import { TrafficSampler } from '../../control/local/sampler.ts';
import type { LocalState } from '../../control/local/state.ts';
import { LocalMesh } from '../../control/local/supervisor.ts';
import { fileEditor } from '../../dashboard/edit/files.ts';
import { type Dashboard, serveDashboard } from '../../dashboard/server/server.ts';
import type { DataPlaneKind } from '../../kubernetes/names.ts';
import { dashboardPort, sparePorts } from '../dashboard/port.ts';
import { withTap } from '../dashboard/tap.ts';
import { localUpstream } from '../dashboard/upstream.ts';
import { exitCodes } from '../exit-codes.ts';
import { localReach } from '../tap/reach.ts';
import { locateFinding } from './findings.ts';
import { StandingErrors } from './standing-errors.ts';
import type { UpView } from './view.ts';

export interface UpRun {
  /** As the user wrote it. */
  readonly folder: string;
  readonly state: LocalState;
  readonly durationMillis?: number;
  readonly dataPlane: DataPlaneKind;
  readonly envoy?: EnvoyRuntime;
  readonly view: UpView;
  /** Of the command `control-plane`: settings that hold where no MeshConfig says otherwise. */
  readonly controlPlaneArguments: readonly string[];
  /** Absent: none is served. */
  readonly dashboard?: { readonly port?: number; readonly allowEdit: boolean };
  /** Whether the table is redrawn every second instead of shown every five. */
  readonly live: boolean;
}

const appendEverySamples = 5;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a local mesh until a signal or the end of the duration; resolves to whether errors stand at the end. */
export async function runUp(run: UpRun): Promise<{ readonly errors: boolean }> {
  const standing = new StandingErrors();
  const show = (event: LocalEvent) => {
    standing.observe(event);
    run.view.show(event);
  };
  const mesh = new LocalMesh({
    folder: run.folder,
    state: run.state,
    self: [process.execPath, ...process.execArgv, resolve(process.argv[1] ?? '')],
    trustDomain: 'cluster.local',
    grpcBootstrap,
    dataPlane: run.dataPlane,
    controlPlaneArguments: run.controlPlaneArguments,
    ...(run.envoy === undefined ? {} : { envoy: run.envoy }),
    onEvent: show,
    onFinding: (finding) => show({ type: 'diagnostic', diagnostic: locateFinding(finding, run.folder) }),
  });
  let samples = 0;
  const sampler = new TrafficSampler(mesh, () => {
    samples += 1;
    if (run.live || samples % appendEverySamples === 0) show({ type: 'table', span: 'recent', ...sampler.recent() });
  });
  mesh.start();
  const dashboard = run.dashboard === undefined ? undefined : await startDashboard(run, run.dashboard, show);
  sampler.start();
  await untilStopped(run.durationMillis);
  sampler.stop();
  await sampler.sample();
  show({ type: 'table', span: 'run', ...sampler.whole() });
  await dashboard?.close();
  await mesh.stop();
  run.view.end();
  await run.state.release();
  return { errors: standing.any || mesh.findings.some(({ severity }) => severity === 'error') };
}

/** A mesh without its page is still a mesh: what keeps the page away is told, and nothing else. */
async function startDashboard(
  { folder, state }: UpRun,
  { port, allowEdit }: NonNullable<UpRun['dashboard']>,
  show: (event: LocalEvent) => void,
): Promise<Dashboard | undefined> {
  try {
    const dashboard = await serveDashboard({
      upstream: withTap(localUpstream(state.directory), localReach),
      mesh: folder,
      ...(allowEdit ? { editor: fileEditor(folder) } : {}),
      ...(port === undefined ? { port: dashboardPort, spare: sparePorts } : { port }),
    });
    show({ type: 'dashboard', url: dashboard.url });
    return dashboard;
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    show({ type: 'log', pod: '', part: 'dashboard', line: `not served: ${because}` });
    return undefined;
  }
}

/** The first signal or the end of the time; a second signal ends the process at once, and the guard stops the children. */
function untilStopped(durationMillis: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = durationMillis === undefined ? undefined : setTimeout(() => finish(), durationMillis);
    const onSignal = () => finish();
    const finish = () => {
      clearTimeout(timer);
      for (const signal of stopSignals) {
        process.off(signal, onSignal);
        process.on(signal, () => process.exit(exitCodes.stopped));
      }
      resolve();
    };
    for (const signal of stopSignals) process.on(signal, onSignal);
  });
}
