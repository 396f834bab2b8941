import { useState } from 'preact/hooks';
import type { Split, SplitBackend, SplitsPage } from '../../api/contract.ts';
import { ago, name, percent, short, time } from '../parts/format.ts';
import {
  GoldenCells,
  goldenHeads,
  Head,
  Loading,
  matches,
  Pill,
  Place,
  ServiceLink,
  scopeNote,
  Table,
} from '../parts/parts.tsx';
import { SplitHistory } from '../parts/split-history.tsx';
import { errorOf, useJson } from '../state/live.ts';
import { hrefOf, route, windowText } from '../state/route.ts';
import { mayEdit, session, token } from '../state/session.ts';

export function Splits() {
  const json = `/api/splits?window=${windowText.value}`;
  const loaded = useJson<SplitsPage>(json);
  const only = route.value.about.join('/');
  return (
    <section class="view">
      <Head
        title={only === '' ? 'Splits' : `Split ${name(only)}`}
        json={json}
        filter="split or backend"
        note={loaded.data && scopeNote(loaded.data.traffic)}
      >
        {only !== '' && (
          <a class="button" href={hrefOf('splits')}>
            All splits
          </a>
        )}
      </Head>
      <Loading loaded={loaded}>
        {({ splits }) => {
          const shown = splits.filter(
            (split) =>
              (only === '' || split.name === only) &&
              matches(split.name, ...split.backends.map(({ service }) => service)),
          );
          if (shown.length === 0)
            return <p class="quiet pad">No split is in force{splits.length > 0 ? ' by that name' : ''}.</p>;
          return shown.map((split) => <Card key={split.name} split={split} />);
        }}
      </Loading>
    </section>
  );
}

function Card({ split }: { readonly split: Split }) {
  const off = split.backends.filter(isOff);
  return (
    <article class="card" aria-label={`Split ${name(split.name)}`}>
      <header>
        <h2>
          <a href={hrefOf('splits', split.name.split('/'))}>{name(split.name)}</a>
        </h2>
        <span class="quiet">
          of <ServiceLink service={split.root} />
        </span>
        {split.conditional && <Pill kind="info">some requests only</Pill>}
        {split.requests > 0 &&
          (off.length === 0 ? <Pill kind="good">as wanted</Pill> : <Pill kind="warn">not as wanted</Pill>)}
        <span class="gap" />
        {split.place !== undefined && <Place place={split.place} />}
      </header>
      <Shares split={split} />
      {mayEdit() && <Sliders key={JSON.stringify(split.backends.map(({ weight }) => weight))} split={split} />}
      {session.value?.edit === true && !mayEdit() && (
        <p class="quiet">Weights can be moved at the address that the terminal shows, which has the token.</p>
      )}
      <Table
        label={`Backends of ${split.name}`}
        heads={[
          'backend',
          { text: 'weight', number: true },
          { text: 'wanted', number: true },
          { text: 'observed', number: true },
          { text: '95 % interval', number: true },
          { text: 'requests', number: true },
          ...goldenHeads,
        ]}
        rows={split.backends.length}
      >
        {split.backends.map((backend) => (
          <tr key={backend.service}>
            <th scope="row">
              <ServiceLink service={backend.service} />
            </th>
            <td class="number">{backend.weight}</td>
            <td class="number">{percent(backend.wanted)}</td>
            <td class={`number ${isOff(backend) ? 'warn' : ''}`}>{percent(backend.observed)}</td>
            <td class="number quiet">
              {backend.interval === undefined
                ? '–'
                : `${percent(backend.interval[0])} … ${percent(backend.interval[1])}`}
            </td>
            <td class="number">{short(backend.golden.requests)}</td>
            <GoldenCells golden={backend.golden} />
          </tr>
        ))}
      </Table>
      <h3>History</h3>
      <SplitHistory history={split.history} backends={split.backends.map(({ service }) => service)} />
      <Rollouts split={split} />
    </article>
  );
}

/** Whether what was seen is no chance. */
function isOff({ wanted, interval }: SplitBackend): boolean {
  return interval !== undefined && (wanted < interval[0] || wanted > interval[1]);
}

/** A bar for each backend: what is wanted as a line, what was seen with its interval. */
function Shares({ split }: { readonly split: Split }) {
  return (
    <div class="shares">
      {split.backends.map(({ service, wanted, observed, interval }, index) => (
        <div class="share" key={service}>
          <span class="share-name">{name(service)}</span>
          <svg
            class={`share-bar c${index % 6}`}
            viewBox="0 0 1000 20"
            preserveAspectRatio="none"
            role="img"
            aria-label={`${service}: wanted ${percent(wanted)}, observed ${percent(observed)}`}
          >
            <rect class="track" width="1000" height="20" />
            {observed !== undefined && <rect class="seen" width={observed * 1000} height="20" />}
            {interval !== undefined && (
              <rect
                class="interval"
                x={interval[0] * 1000}
                width={Math.max(2, (interval[1] - interval[0]) * 1000)}
                y="7"
                height="6"
              />
            )}
            <rect class="wanted" x={Math.min(996, wanted * 1000)} width="4" height="20" />
          </svg>
          <span class="number">{percent(observed)}</span>
          <span class="number quiet">of {percent(wanted)}</span>
        </div>
      ))}
    </div>
  );
}

function Rollouts({ split }: { readonly split: Split }) {
  if (split.rollouts.length === 0) return null;
  return (
    <Table
      label={`Rollouts of ${split.name}`}
      heads={[
        'published',
        'cause',
        { text: 'proxies', number: true },
        { text: 'compile', number: true },
        { text: 'push', number: true },
        { text: 'acknowledged', number: true },
        { text: 'total', number: true },
      ]}
      rows={split.rollouts.length}
    >
      {split.rollouts.toReversed().map((rollout) => (
        <tr key={rollout.id}>
          <td>
            {time(rollout.publishedAt)} <span class="quiet">{ago(rollout.publishedAt)}</span>
          </td>
          <td>{rollout.cause}</td>
          <td class="number">
            {rollout.landed} of {rollout.touched}
          </td>
          <td class="number">{rollout.durations.compile} ms</td>
          <td class="number">{rollout.durations.push ?? '–'} ms</td>
          <td class="number">{rollout.durations.ack ?? '–'} ms</td>
          <td class="number">{rollout.durations.total} ms</td>
        </tr>
      ))}
    </Table>
  );
}

/** Moves weights: one slider for each backend, written when it is said so. */
function Sliders({ split }: { readonly split: Split }) {
  const expected = Object.fromEntries(split.backends.map(({ service, weight }) => [service, weight]));
  const [weights, setWeights] = useState<Readonly<Record<string, number>>>(expected);
  const [state, setState] = useState<{ readonly busy?: true; readonly error?: string }>({});
  const most = Math.max(100, ...Object.values(expected));
  const [first, second] = split.backends;
  const move = (service: string, weight: number) => {
    const other = split.backends.length === 2 ? (service === first?.service ? second : first) : undefined;
    const sum = Object.values(expected).reduce((total, one) => total + one, 0);
    // Of two, what one gains the other loses.
    setWeights({
      ...weights,
      [service]: weight,
      ...(other === undefined || weight > sum ? {} : { [other.service]: sum - weight }),
    });
  };
  const changed = split.backends.some(({ service, weight }) => weights[service] !== weight);
  const write = async () => {
    setState({ busy: true });
    setState(await post(split.name, { expected, weights }));
  };
  return (
    <form
      class="sliders"
      onSubmit={(event) => {
        event.preventDefault();
        void write();
      }}
      aria-label={`Weights of ${name(split.name)}`}
    >
      {split.backends.map(({ service }) => (
        <label key={service}>
          <span>{name(service)}</span>
          <input
            type="range"
            min="0"
            max={split.backends.length === 2 ? Object.values(expected).reduce((a, b) => a + b, 0) : most}
            value={weights[service] ?? 0}
            onInput={(event) => move(service, Number(event.currentTarget.value))}
          />
          <output>{weights[service]}</output>
        </label>
      ))}
      <span class="actions">
        <button type="submit" class="button primary" disabled={!changed || state.busy === true}>
          {state.busy ? 'Writing …' : 'Write weights'}
        </button>
        <button type="button" class="button" disabled={!changed} onClick={() => setWeights(expected)}>
          Reset
        </button>
        {state.error !== undefined && (
          <span class="bad" role="alert">
            {state.error}
          </span>
        )}
      </span>
    </form>
  );
}

async function post(split: string, change: unknown): Promise<{ readonly error?: string }> {
  try {
    const response = await fetch(`/api/splits/${split.split('/').map(encodeURIComponent).join('/')}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token() ?? ''}` },
      body: JSON.stringify(change),
    });
    return response.ok ? {} : { error: errorOf(await response.text()) ?? `status ${response.status}` };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
