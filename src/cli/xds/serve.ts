import { defaultCompileOptions } from '../../compile/index.ts';
import { startControlPlane } from '../../control/control-plane.ts';
import type { ControlPlaneEvent } from '../../control/plane.ts';
import type { XdsEvent } from '../../xds/contract.ts';
import { dataPlanes } from '../data-planes.ts';
import { exitCodes } from '../exit-codes.ts';
import { styleFor } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';
import { renderLocated } from '../up/findings.ts';

export interface ServeOptions {
  readonly ads: { readonly address: string; readonly port: number; readonly names: readonly string[] };
  readonly state: string;
  readonly grpcSocket?: string;
  readonly json: boolean;
}

/** Serves until a signal; returns the exit code. */
export async function serveXds(
  paths: readonly string[],
  { ads, state, grpcSocket, json }: ServeOptions,
): Promise<number> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const tell = (event: object, lines: readonly string[]) => {
    if (json) say(JSON.stringify(event));
    else for (const line of lines) say(line);
  };
  try {
    const controlPlane = await startControlPlane({
      paths,
      stateDirectory: state,
      adapters: dataPlanes,
      compileOptions: defaultCompileOptions,
      ads,
      ...(grpcSocket === undefined ? {} : { localSocket: grpcSocket }),
      onEvent: (event) => tell(event, described(event)),
      onXdsEvent: (event) => {
        const lines = connection(event);
        if (lines.length > 0) tell({ type: 'proxy', ...event }, lines);
      },
    });
    const { address, port, identity } = controlPlane.ads;
    tell({ type: 'ready', ads: controlPlane.ads }, [`serving ADS at ${address}:${port} as ${identity}`]);
    controlPlane.start();
    await stopSignal();
    await controlPlane.close();
    return exitCodes.fine;
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodes.unreachable;
  }
}

function described(event: ControlPlaneEvent): readonly string[] {
  switch (event.type) {
    case 'loaded':
      return event.diagnostics.flatMap((found) => renderLocated(found, styleFor(process.stdout)));
    case 'published':
      return [`published generation ${event.generation}: ${event.changedUnits.length} changed`];
    case 'nack':
      return [`${event.workload} refused ${event.resources.join(', ')}: ${event.detail}`];
    default:
      return [];
  }
}

function connection(event: XdsEvent): readonly string[] {
  switch (event.kind) {
    case 'connected':
    case 'disconnected':
      return [`${event.node} ${event.kind}`];
    case 'refused':
      return [`${event.node === '' ? 'a client' : event.node} was refused: ${event.because}`];
    default:
      return [];
  }
}
