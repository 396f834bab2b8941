import type { Workload } from '../../../src/model/types.ts';
import type { EnvoyOptions } from '../options.ts';
import { outboundLogs } from './access-log.ts';
import { b3Context } from './b3.ts';
import type { ClientRefusals } from './client-access.ts';
import { callersDeadline } from './deadline.ts';
import { earlyMutations } from './early-mutations.ts';
import { httpConnectionManager } from './http.ts';
import { pathHeader } from './match.ts';
import { any, type Message } from './message.ts';
import { outsideFilter } from './outside.ts';
import type { HttpRouting } from './routes.ts';
import { outboundContext, requestStream } from './telemetry.ts';
import { tracing } from './tracing.ts';

/** The network filter for requests of a client's program. */
export function outboundHttp(
  { name, from, faults, asksForPath, destinationHeader }: HttpRouting,
  passthrough: boolean,
  client: Workload,
  options: EnvoyOptions,
  { filters: refusing }: ClientRefusals,
): Message {
  const last = passthrough ? [outsideFilter(options)] : [];
  const asked = [
    ...b3Context(options),
    // For routes with several conditions on the path, of which Envoy's route match has room for one.
    ...(asksForPath ? [overwrite(pathHeader, '%PATH(NQ)%')] : []),
    ...(destinationHeader === undefined ? [] : [overwrite(destinationHeader, '%DOWNSTREAM_LOCAL_ADDRESS%')]),
  ];
  return httpConnectionManager(name, from, [...refusing, callersDeadline, ...faults, ...last], {
    upgradeFilters: [...refusing, overHttp1, ...faults, ...last],
    ...tracing(options, client),
    ...logged([
      ...outboundLogs(options, client, refusing.length > 0),
      ...requestStream(options, outboundContext(client)),
    ]),
    ...earlyMutations(asked),
  });
}

/** Tunnels go over a connection of HTTP/1.1 of their own, which every server can upgrade. */
const overHttp1: Message = {
  name: 'envoy.filters.http.set_filter_state',
  typedConfig: any('envoy.extensions.filters.http.set_filter_state.v3.Config', {
    onRequestHeaders: [
      {
        objectKey: 'envoy.network.application_protocols',
        formatString: { textFormatSource: { inlineString: 'http/1.1' } },
        sharedWithUpstream: 'ONCE',
      },
    ],
  }),
};

function overwrite(key: string, value: string): Message {
  return { append: { header: { key, value }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' } };
}

function logged(accessLog: readonly Message[]): Message {
  return accessLog.length === 0 ? {} : { accessLog };
}
