import type { Change, TrafficChange } from '../../../analysis/changes.ts';
import type { AuditDetail, AuditEntry, AuditPage } from '../../api/contract.ts';
import { ago, name, time } from '../parts/format.ts';
import { Head, Loading, matches, Pill, Place } from '../parts/parts.tsx';
import { useJson } from '../state/live.ts';
import { hrefOf, route } from '../state/route.ts';

export function Audit() {
  const loaded = useJson<AuditPage>('/api/audit');
  const selected = route.value.about[0];
  return (
    <section class="view">
      <Head
        title="Audit"
        json={selected === undefined ? '/api/audit' : `/api/audit/${selected}`}
        filter="object or author"
        note="since the control plane was started"
      />
      <Loading loaded={loaded}>
        {({ changes }) => {
          const shown = changes.filter((entry) =>
            matches(...entry.objects.flatMap(({ object, who = '' }) => [object, who])),
          );
          if (shown.length === 0) return <p class="quiet pad">Nothing has changed.</p>;
          return shown.map((entry) => <Entry key={entry.id} entry={entry} open={String(entry.id) === selected} />);
        }}
      </Loading>
    </section>
  );
}

const changeKinds = { added: 'good', changed: 'info', removed: 'bad' } as const;
const shownObjects = 6;

function Entry({ entry, open }: { readonly entry: AuditEntry; readonly open: boolean }) {
  const objects = open ? entry.objects : entry.objects.slice(0, shownObjects);
  return (
    <article class={`change${open ? ' open' : ''}`}>
      <header>
        <a href={hrefOf('audit', open ? [] : [String(entry.id)])} aria-expanded={open}>
          {time(entry.at)}
        </a>
        <span class="quiet">
          {ago(entry.at)} · configuration {entry.id} ·{' '}
          {entry.cause === 'files' ? 'files changed' : 'objects of the cluster changed'}
        </span>
      </header>
      <ul class="plain">
        {objects.map((object) => (
          <li key={object.object}>
            <Pill kind={changeKinds[object.change]}>{object.change}</Pill> <b>{name(object.object)}</b>{' '}
            {object.who !== undefined && <span>by {object.who}</span>}{' '}
            {object.writtenAt !== undefined && <span class="quiet">at {time(object.writtenAt)}</span>}{' '}
            {object.place !== undefined && <Place place={{ ...object.place, object: '', path: '' }} />}
            {object.fields.slice(0, open ? 50 : 4).map((field) => (
              <div class="field" key={field.path}>
                <code>{field.path}</code> <del>{textOf(field.before)}</del> → <ins>{textOf(field.after)}</ins>
              </div>
            ))}
          </li>
        ))}
        {objects.length < entry.objects.length && (
          <li class="quiet">and {entry.objects.length - objects.length} more</li>
        )}
      </ul>
      {open && <Meaning id={entry.id} />}
    </article>
  );
}

function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
}

function Meaning({ id }: { readonly id: number }) {
  const loaded = useJson<AuditDetail>(`/api/audit/${id}`, false);
  return (
    <Loading loaded={loaded}>
      {({ traffic, problem }) => (
        <>
          <h3>What it means for traffic</h3>
          {problem !== undefined && <p class="quiet">{problem}</p>}
          {problem === undefined && traffic.length === 0 && <p class="quiet">nothing</p>}
          <ul class="plain">
            {traffic.slice(0, 50).map((change) => (
              <li key={JSON.stringify(change)}>
                <Effect change={change} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Loading>
  );
}

function Effect({ change }: { readonly change: Change }) {
  switch (change.kind) {
    case 'traffic':
      return <Traffic change={change} />;
    case 'object':
      return (
        <span>
          {change.what} <b>{name(change.id)}</b> {change.change}
        </span>
      );
    case 'setting':
      return (
        <span>
          {change.setting}: <del>{change.before}</del> → <ins>{change.after}</ins>
        </span>
      );
    default:
      return <span>{name(change.service)}: not every request could be compared</span>;
  }
}

const words: Readonly<Record<string, string>> = {
  widened: 'widened',
  narrowed: 'narrowed',
  answer: 'fails otherwise',
  route: 'other backends',
  shares: 'other shares',
  policy: 'other policy',
  rule: 'other rule',
};

function Traffic({ change }: { readonly change: TrafficChange }) {
  const { request } = change.example.after;
  const kind = change.effects[0] === 'widened' ? 'bad' : change.effects[0] === 'narrowed' ? 'warn' : 'info';
  return (
    <span>
      <Pill kind={kind}>{change.effects.map((effect) => words[effect]).join(', ')}</Pill>{' '}
      {change.clients.slice(0, 4).map(name).join(', ')}
      {change.clients.length > 4 && ` and ${change.clients.length - 4} more`} → <b>{name(change.service)}</b>:
      {change.port} <code>{request.kind === 'http' ? `${request.method} ${request.path}` : request.kind}</code>{' '}
      <del>{sideOf(change, 'before')}</del> → <ins>{sideOf(change, 'after')}</ins>
    </span>
  );
}

function sideOf(change: TrafficChange, side: 'before' | 'after'): string {
  const { verdict, grants, backends } = change[side];
  const shares = backends.map(({ backend, share }) => `${name(backend)} ${share}`).join(', ');
  const routed = change.effects.some((effect) => effect === 'route' || effect === 'shares');
  return routed ? shares || verdict : `${verdict}${grants.length > 0 ? ` by ${grants.map(name).join(', ')}` : ''}`;
}
