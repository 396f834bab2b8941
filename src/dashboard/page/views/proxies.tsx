import type { ProxiesReport, ProxyReport } from '../../../control/admin/contract.ts';
import { listing } from '../../../lib/listing.ts';
import type { Ejected, EjectionsPage } from '../../api/contract.ts';
import { ago, ejectionText, name } from '../parts/format.ts';
import { Head, Loading, matches, Pill, ServiceLink, Table } from '../parts/parts.tsx';
import { useJson } from '../state/live.ts';

const stateKinds = { synced: 'good', waiting: 'warn', refused: 'bad' } as const;

export function Proxies() {
  const loaded = useJson<ProxiesReport>('/proxies');
  const { ejections = [], proxies: asked } = useJson<EjectionsPage>('/api/ejections').data ?? {};
  return (
    <section class="view">
      <Head title="Proxies" json="/proxies" filter="pod or data plane" />
      <Loading loaded={loaded}>
        {({ proxies, absent }) => {
          const shown = proxies.filter(({ node, dataPlane, state }) => matches(node, dataPlane, state));
          return (
            <>
              {absent.length > 0 && <p class="problem">Not connected: {listing(absent.map(name), 20)}</p>}
              {asked !== undefined && asked.read < asked.known && (
                <p class="quiet pad">
                  {asked.read} of {asked.known} proxies say which endpoints they eject
                </p>
              )}
              <Table
                label="Proxies"
                heads={[
                  'proxy',
                  'state',
                  'data plane',
                  'program',
                  'configuration',
                  'resources',
                  'last taken',
                  'connected',
                ]}
                rows={shown.length}
                empty="no proxy is connected"
              >
                {shown.map((proxy) => (
                  <Row
                    key={`${proxy.node} ${proxy.connectedSince}`}
                    proxy={proxy}
                    ejections={ejections.filter((ejection) => ejection.proxy === proxy.node)}
                  />
                ))}
              </Table>
            </>
          );
        }}
      </Loading>
    </section>
  );
}

function Row({ proxy, ejections }: { readonly proxy: ProxyReport; readonly ejections: readonly Ejected[] }) {
  return (
    <>
      <tr>
        <th scope="row">{name(proxy.node)}</th>
        <td>
          <Pill kind={stateKinds[proxy.state]}>{proxy.state}</Pill>
        </td>
        <td>{proxy.dataPlane}</td>
        <td>
          {proxy.program} {proxy.version}
        </td>
        <td class="number">{proxy.generation ?? '–'}</td>
        <td>
          {proxy.types.map(({ typeUrl, resources, state }) => (
            <span key={typeUrl} class={`kind ${stateKinds[state]}`} title={`${typeUrl}: ${state}`}>
              {typeUrl.split('.').at(-1)} {resources}
            </span>
          ))}
        </td>
        <td>{proxy.ackedAt === undefined ? '–' : ago(proxy.ackedAt)}</td>
        <td>{ago(proxy.connectedSince)}</td>
      </tr>
      {proxy.refused.map((refused) => (
        <tr key={refused.resource} class="refused">
          <td colSpan={8}>
            <b>{refused.resource}</b> refused {ago(refused.since)}: {refused.detail}
            {refused.diagnostic?.location !== undefined && (
              <code>
                {refused.diagnostic.location.file}:{refused.diagnostic.location.line}
              </code>
            )}
          </td>
        </tr>
      ))}
      {ejections.map((ejection) => (
        <tr key={`${ejection.service} ${ejection.port} ${ejection.endpoint}`} class="ejected">
          <td colSpan={8}>
            ejects <b>{name(ejection.workload ?? ejection.endpoint)}</b> of <ServiceLink service={ejection.service} />:
            {ejection.port}
            <span class="quiet"> {ejectionText(ejection)}</span>
          </td>
        </tr>
      ))}
    </>
  );
}
