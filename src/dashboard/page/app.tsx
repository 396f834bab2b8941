import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Overview } from '../api/contract.ts';
import { name, time } from './parts/format.ts';
import { connection, useJson } from './state/live.ts';
import { hrefOf, route, show, windowText } from './state/route.ts';
import { session } from './state/session.ts';
import { switchTheme, theme } from './state/theme.ts';
import { Access } from './views/access.tsx';
import { Audit } from './views/audit.tsx';
import { Catalogue } from './views/catalogue.tsx';
import { Diagnostics } from './views/diagnostics.tsx';
import { Explain } from './views/explain.tsx';
import { Proxies } from './views/proxies.tsx';
import { ServiceView } from './views/service.tsx';
import { Splits } from './views/splits.tsx';
import { Tap } from './views/tap.tsx';
import { TopologyView } from './views/topology.tsx';

const views: readonly (readonly [id: string, title: string, view: ComponentType])[] = [
  ['topology', 'Topology', TopologyView],
  ['catalogue', 'Services', Catalogue],
  ['splits', 'Splits', Splits],
  ['access', 'Access', Access],
  ['tap', 'Tap', Tap],
  ['explain', 'Explain', Explain],
  ['proxies', 'Proxies', Proxies],
  ['audit', 'Audit', Audit],
  ['diagnostics', 'Diagnostics', Diagnostics],
];

const windows = ['10s', '30s', '1m', '5m', '15m'];

export function App() {
  const { view, about } = route.value;
  const overview = useJson<Overview>('/api/overview').data;
  const main = useRef<HTMLElement>(null);
  const View = view === 'service' ? ServiceView : views.find(([id]) => id === view)?.[2];
  const shown = view === 'service' ? 'catalogue' : view;
  useEffect(() => {
    const title = view === 'service' ? name(about.join('/')) : views.find(([id]) => id === view)?.[1];
    document.title = title === undefined ? 'smi-mesh' : `${title} · smi-mesh`;
  }, [view, about]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <div class="bar">
        <a class="brand" href={hrefOf('topology')} aria-label="smi-mesh, topology">
          <img src="/assets/icon.svg" alt="" width="20" height="20" />
          <b>smi-mesh</b>
        </a>
        <nav aria-label="Views">
          {views.map(([id, title]) => (
            <a key={id} href={hrefOf(id)} aria-current={shown === id ? 'page' : undefined}>
              {title}
              <Count id={id} overview={overview} />
            </a>
          ))}
        </nav>
        <span class="gap" />
        <label class="window">
          <span>window</span>
          <select value={windowText.value} onChange={(event) => show({ window: event.currentTarget.value })}>
            {[...new Set([...windows, windowText.value])].map((text) => (
              <option key={text}>{text}</option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="icon"
          onClick={switchTheme}
          aria-label={`Switch to ${theme.value === 'dark' ? 'light' : 'dark'} colours`}
        >
          {theme.value === 'dark' ? '☀' : '☾'}
        </button>
      </div>
      <main id="main" ref={main} tabIndex={-1}>
        {View === undefined ? <p class="problem">There is no view {view}.</p> : <View />}
      </main>
      <Status overview={overview} />
    </>
  );
}

function Count({ id, overview }: { readonly id: string; readonly overview: Overview | undefined }) {
  if (overview === undefined) return null;
  const { findings, proxies } = overview;
  if (id === 'diagnostics' && findings.errors + findings.warnings > 0) {
    return <span class={`count ${findings.errors > 0 ? 'bad' : 'warn'}`}>{findings.errors + findings.warnings}</span>;
  }
  if (id === 'proxies' && proxies.behind > 0) return <span class="count warn">{proxies.behind}</span>;
  return null;
}

function Status({ overview }: { readonly overview: Overview | undefined }) {
  const state = connection.value;
  const [kind, text] =
    state === undefined
      ? ['idle', 'connecting …']
      : state === 'live'
        ? ['good', 'live']
        : ['bad', `not connected since ${time(state.lostAt)}: what is shown may be old`];
  return (
    <footer class={`status ${kind === 'bad' ? 'lost' : ''}`}>
      <span class={`dot ${kind}`} />
      <span role="status">{text}</span>
      {session.value !== undefined && <span>{session.value.mesh}</span>}
      {overview !== undefined && (
        <>
          <span>{overview.services} services</span>
          <span>
            {overview.ready} of {overview.workloads} pods ready
          </span>
          <span>{overview.proxies.connected} proxies</span>
          <span>trust domain {overview.trustDomain}</span>
          <span>access mode {overview.accessMode}</span>
          <span class="gap" />
          <span>configuration {overview.generation}</span>
        </>
      )}
    </footer>
  );
}
