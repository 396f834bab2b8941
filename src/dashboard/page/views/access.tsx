import type { AccessCell, AccessPage } from '../../api/contract.ts';
import { Answer, type Explained } from '../parts/answer.tsx';
import { name, short } from '../parts/format.ts';
import { Head, Loading, matches, scopeNote } from '../parts/parts.tsx';
import { useJson } from '../state/live.ts';
import { hrefOf, parameter, show, windowText } from '../state/route.ts';

export function Access() {
  const namespace = parameter('namespace');
  const json = `/api/access?window=${windowText.value}${namespace === '' ? '' : `&namespace=${encodeURIComponent(namespace)}`}`;
  const loaded = useJson<AccessPage>(json);
  return (
    <section class="view">
      <Head title="Access" json={json} filter="account or service" note={loaded.data && scopeNote(loaded.data.traffic)}>
        {loaded.data !== undefined && <Namespaces page={loaded.data} />}
      </Head>
      <Loading loaded={loaded}>{(page) => <Matrix page={page} />}</Loading>
    </section>
  );
}

/** Whose Services are shown. */
function Namespaces({ page }: { readonly page: AccessPage }) {
  return (
    <label class="window">
      <span>namespace</span>
      <select
        value={page.namespace ?? ''}
        onChange={(event) => show({ namespace: event.currentTarget.value, sel: '' })}
      >
        {page.cut === undefined && <option value="">all</option>}
        {page.namespaces.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

interface Chosen {
  readonly account: string;
  readonly to: string;
  readonly cell: AccessCell;
}

function Matrix({ page }: { readonly page: AccessPage }) {
  if (page.destinations.length === 0) return <p class="quiet pad">This mesh has no Services that could be called.</p>;
  const named = page.clients.some(({ account }) => matches(account))
    ? page.clients.map(({ account }) => matches(account))
    : page.clients.map(() => true);
  const asked = page.destinations.map(({ service, port }) => matches(`${service}:${port}`));
  const columns = asked.some(Boolean) && !asked.every(Boolean) ? asked : page.destinations.map(() => true);
  const selected = parameter('sel');
  const chosen = find(page, selected);
  const cells = page.cells.flat();
  return (
    <>
      {page.cut !== undefined && (
        <p class="note pad">
          {page.cut.clients} accounts and {page.cut.destinations} ports are too many at once: the Services of namespace{' '}
          {page.namespace} are shown.
        </p>
      )}
      <p class="legend-line">
        <span class="cell all">all</span> every request is let in
        <span class="cell some">some</span> some requests
        <span class="cell none">–</span> nothing
        <span class="cell none tried">7 denied</span> refused within the window
        <span class="quiet">
          {cells.reduce((sum, { passed }) => sum + passed, 0)} let in,{' '}
          {cells.reduce((sum, { denied }) => sum + denied, 0)} denied
        </span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll matrix" tabIndex={0} aria-label="Who may call whom">
        <table>
          <thead>
            <tr>
              <th scope="col">from \ to</th>
              {page.destinations.map(({ service, port }, column) =>
                columns[column] ? (
                  <th key={`${service}:${port}`} scope="col">
                    <a href={hrefOf('service', service.split('/'))}>{name(service)}</a>
                    <span class="quiet">:{port}</span>
                  </th>
                ) : null,
              )}
            </tr>
          </thead>
          <tbody>
            {page.clients.map(({ account, exists }, row) =>
              named[row] ? (
                <tr key={account}>
                  <th scope="row" class={exists ? undefined : 'quiet'}>
                    {name(account)}
                  </th>
                  {page.destinations.map(({ service, port }, column) => {
                    const cell = page.cells[row]?.[column];
                    if (cell === undefined || !columns[column]) return null;
                    const id = `${account} ${service}:${port}`;
                    return <Cell key={id} id={id} cell={cell} selected={id === selected} />;
                  })}
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
      </section>
      {chosen === undefined ? (
        <p class="quiet pad">Choose a cell to see which lines decide.</p>
      ) : (
        <Why chosen={chosen} />
      )}
    </>
  );
}

function find(page: AccessPage, id: string): Chosen | undefined {
  for (const [row, { account }] of page.clients.entries()) {
    for (const [column, { service, port }] of page.destinations.entries()) {
      const cell = page.cells[row]?.[column];
      if (cell !== undefined && id === `${account} ${service}:${port}`)
        return { account, to: `${service}:${port}`, cell };
    }
  }
  return undefined;
}

function Cell({ id, cell, selected }: { readonly id: string; readonly cell: AccessCell; readonly selected: boolean }) {
  const word = { all: 'all', some: 'some', none: '–', unavailable: 'no pod' }[cell.access];
  const tried = cell.denied > 0 ? ' tried' : '';
  const [from, to] = id.split(' ');
  return (
    <td>
      <button
        type="button"
        class={`cell ${cell.access}${tried}`}
        aria-pressed={selected}
        onClick={() => show({ sel: selected ? '' : id })}
      >
        <span class="unseen">{`${from} to ${to} `}</span>
        <b>{word}</b>
        {cell.passed > 0 && <span>{short(cell.passed)}</span>}
        {cell.denied > 0 && <span>{short(cell.denied)} denied</span>}
      </button>
    </td>
  );
}

/** Which lines decide, by an example of what is let in and one of what is refused. */
function Why({ chosen }: { readonly chosen: Chosen }) {
  const { account, to, cell } = chosen;
  return (
    <section class="why" aria-label="Why">
      <h2>
        {name(account)} → {name(to)}
      </h2>
      {cell.matches.length > 0 && (
        <p>
          lets in{' '}
          {cell.matches.map((text) => (
            <code key={text}>{text}</code>
          ))}
        </p>
      )}
      <div class="columns">
        {cell.refused !== undefined && (
          <Example title="refused, for example" from={account} to={to} shape={cell.refused} />
        )}
        {cell.allowed !== undefined && (
          <Example title="let in, for example" from={account} to={to} shape={cell.allowed} />
        )}
      </div>
    </section>
  );
}

function Example(props: {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly shape: NonNullable<AccessCell['allowed']>;
}) {
  const { title, from, to, shape } = props;
  const [service = '', port = ''] = to.split(':');
  const [namespace = '', own = ''] = service.split('/');
  const query = new URLSearchParams({
    from: `ServiceAccount/${from}`,
    to: `${own}.${namespace}:${port}`,
    kind: shape.kind,
  });
  if (shape.kind === 'http') {
    query.set('method', shape.method);
    query.set('path', shape.path);
    for (const [header, value] of Object.entries(shape.headers)) query.append('header', `${header}:${value}`);
  }
  const loaded = useJson<Explained>(`/api/explain?${query}`);
  return (
    <section class="block">
      <h3>
        {title}: <code>{shape.kind === 'http' ? `${shape.method} ${shape.path}` : shape.kind}</code>
      </h3>
      <Loading loaded={loaded}>{(answer) => <Answer answer={answer} />}</Loading>
    </section>
  );
}
