import type { Peer, ServicePage, ServicePod } from '../../api/contract.ts';
import { ejectionText, millis, name, percent, rate, short } from '../parts/format.ts';
import {
  GoldenCells,
  goldenHeads,
  Head,
  Loading,
  Pill,
  Place,
  Places,
  ServiceLink,
  Success,
  scopeNote,
  Table,
} from '../parts/parts.tsx';
import { TrafficChart } from '../parts/traffic-chart.tsx';
import { useJson } from '../state/live.ts';
import { hrefOf, route, windowText } from '../state/route.ts';

export function ServiceView() {
  const service = route.value.about.join('/');
  const json = `/api/services/${route.value.about.map(encodeURIComponent).join('/')}?window=${windowText.value}`;
  const loaded = useJson<ServicePage>(json);
  return (
    <section class="view">
      <Head title={name(service)} json={json} note={loaded.data && scopeNote(loaded.data.traffic)}>
        <a class="button" href={hrefOf('topology', [], { q: route.value.about.at(-1) ?? '' })}>
          In the topology
        </a>
      </Head>
      <Loading loaded={loaded}>{(page) => <Shown page={page} />}</Loading>
    </section>
  );
}

function Shown({ page }: { readonly page: ServicePage }) {
  const { total } = page;
  return (
    <>
      <dl class="figures">
        <Figure what="requests" value={rate(total.perSecond)} />
        <Figure what="success" value={<Success golden={total} />} />
        <Figure what="denied" value={short(total.denied)} bad={total.denied > 0} />
        <Figure what="retries" value={short(total.retries)} />
        <Figure what="p50" value={millis(total.p50)} />
        <Figure what="p99" value={millis(total.p99)} />
        <Figure what="pods ready" value={`${page.pods.filter(({ ready }) => ready).length}/${page.pods.length}`} />
      </dl>
      <TrafficChart key={page.service} subject={page.service} golden={total} at={page.traffic.at} />
      <div class="columns">
        <Block title="Inbound">
          <Peers peers={page.inbound} label="Inbound" empty="nobody called it within the window" />
        </Block>
        <Block title="Outbound">
          <Peers peers={page.outbound} label="Outbound" empty="its pods called nobody within the window" />
        </Block>
        <Block title="Who may call it">
          <Table
            label="Grants"
            heads={['rule', 'from', 'what', 'where']}
            rows={page.grants.length}
            empty="no TrafficTarget lets anybody in"
          >
            {page.grants.map((grant) => (
              <tr key={grant.rule + grant.from.join()}>
                <th scope="row">{name(grant.rule)}</th>
                <td>{grant.from.map(name).join(', ')}</td>
                <td>
                  {grant.what.map((text) => (
                    <div key={text}>
                      <code>{text}</code>
                    </div>
                  ))}
                </td>
                <td>
                  <Places places={grant.places.slice(0, 4)} />
                </td>
              </tr>
            ))}
          </Table>
        </Block>
        <Block title="Policies">
          <Table
            label="Policies"
            heads={['policy', 'says', 'where']}
            rows={page.policies.length}
            empty="no TrafficPolicy concerns it"
          >
            {page.policies.map((policy) => (
              <tr key={policy.policy + policy.text}>
                <th scope="row">{policy.policy}</th>
                <td>{policy.text}</td>
                <td>
                  <Places places={policy.places} />
                </td>
              </tr>
            ))}
          </Table>
        </Block>
        <Block title="Pods">
          <Table
            label="Pods"
            heads={['pod', 'account', 'state', 'ejected by']}
            rows={page.pods.length}
            empty="it selects no pod"
          >
            {page.pods.map((pod) => (
              <tr key={pod.workload}>
                <th scope="row">{name(pod.workload)}</th>
                <td>{name(pod.account)}</td>
                <td>
                  <Pill kind={pod.ready ? 'good' : 'warn'}>{pod.ready ? 'ready' : 'not ready'}</Pill>
                  {pod.transport === 'plain' && <Pill kind="idle">no sidecar</Pill>}
                </td>
                <td class={pod.ejections?.length ? undefined : 'quiet'}>
                  <Ejections ejections={pod.ejections} of={page.service} />
                </td>
              </tr>
            ))}
          </Table>
        </Block>
        <Block title="What it is">
          <dl class="facts">
            <dt>defined</dt>
            <dd>{page.place === undefined ? '–' : <Place place={page.place} />}</dd>
            <dt>ports</dt>
            <dd>{page.ports.map(({ port, name: own, protocol }) => `${port} ${own ?? ''} ${protocol}`).join(', ')}</dd>
            <dt>hosts</dt>
            <dd>{page.hosts.join(', ')}</dd>
            {page.split !== undefined && (
              <>
                <dt>split</dt>
                <dd>
                  <a href={hrefOf('splits', page.split.split('/'))}>{name(page.split)}</a>
                </dd>
              </>
            )}
          </dl>
        </Block>
      </div>
    </>
  );
}

/** Whose proxies send a pod nothing. Where they call it by another Service, that is named. */
function Ejections({ ejections, of }: { readonly ejections: ServicePod['ejections']; readonly of: string }) {
  if (ejections === undefined) return <>not known</>;
  if (ejections.length === 0) return <>nobody</>;
  return (
    <ul class="plain">
      {ejections.map((one) => (
        <li key={`${one.proxy} ${one.service} ${one.port}`}>
          <b class="bad">{name(one.proxy)}</b>
          {one.service !== of && ` as ${name(one.service)}`}
          <span class="quiet"> {ejectionText(one)}</span>
        </li>
      ))}
    </ul>
  );
}

function Figure({
  what,
  value,
  bad,
}: {
  readonly what: string;
  readonly value: preact.ComponentChildren;
  readonly bad?: boolean;
}) {
  return (
    <div>
      <dt>{what}</dt>
      <dd class={bad ? 'bad' : undefined}>{value}</dd>
    </div>
  );
}

function Block({ title, children }: { readonly title: string; readonly children: preact.ComponentChildren }) {
  return (
    <section class="block">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Peers({
  peers,
  label,
  empty,
}: {
  readonly peers: readonly Peer[];
  readonly label: string;
  readonly empty: string;
}) {
  return (
    <Table label={label} heads={['peer', ...goldenHeads, 'answers']} rows={peers.length} empty={empty}>
      {peers.map((peer) => (
        <tr key={`${peer.namespace}/${peer.name}`}>
          <th scope="row">
            {peer.service === undefined ? (
              name(`${peer.namespace}/${peer.name}`)
            ) : (
              <ServiceLink service={peer.service}>{peer.name}</ServiceLink>
            )}
          </th>
          <GoldenCells golden={peer.golden} />
          <td class="codes">
            {Object.entries(peer.codes).map(([code, count]) => (
              <span
                key={code}
                class={Number(code) >= 400 || code === '0' ? 'bad' : undefined}
                title={percent(count / peer.golden.requests)}
              >
                {code === '0' ? 'none' : code} × {short(count)}
              </span>
            ))}
          </td>
        </tr>
      ))}
    </Table>
  );
}
