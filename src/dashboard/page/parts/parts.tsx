import type { ComponentChildren } from 'preact';
import { healthOf } from '../../../graph/health.ts';
import type { Golden, Place as PlaceType, TrafficScope } from '../../api/contract.ts';
import type { Loaded } from '../state/live.ts';
import { hrefOf, parameter, show } from '../state/route.ts';
import { millis, name, percent, rate, short } from './format.ts';

/** The head of a view: what it is, its data, and what narrows it. */
export function Head(props: {
  readonly title: string;
  readonly json?: string;
  readonly note?: ComponentChildren;
  readonly filter?: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <header class="head">
      <h1>{props.title}</h1>
      {props.note !== undefined && <span class="note">{props.note}</span>}
      <span class="gap" />
      {props.children}
      {props.filter !== undefined && (
        <input
          type="search"
          class="filter"
          placeholder={props.filter}
          aria-label={props.filter}
          value={parameter('q')}
          onInput={(event) => show({ q: event.currentTarget.value })}
        />
      )}
      {props.json !== undefined && (
        <a class="button" href={props.json} target="_blank" rel="noreferrer">
          JSON
        </a>
      )}
    </header>
  );
}

/** What is there, or why not. */
export function Loading<T>({
  loaded,
  children,
}: {
  readonly loaded: Loaded<T>;
  readonly children: (data: T) => ComponentChildren;
}) {
  const { data, error } = loaded;
  return (
    <>
      {error !== undefined && (
        <p class="problem" role="alert">
          {error}
        </p>
      )}
      {data !== undefined ? children(data) : error === undefined && <p class="quiet pad">reading …</p>}
    </>
  );
}

/** How much of the window has been seen, or why nothing. */
export function scopeNote({ windowSeconds, observedSeconds, problem }: TrafficScope): string {
  if (problem !== undefined) return problem;
  const seen = Math.min(windowSeconds, Math.round(observedSeconds));
  return seen < windowSeconds ? `last ${seen} s of ${windowSeconds} s` : `last ${windowSeconds} s`;
}

export function Place({ place }: { readonly place: PlaceType }) {
  const at = place.file === undefined ? undefined : `${place.file}${place.line === undefined ? '' : `:${place.line}`}`;
  return (
    <span class="place">
      {at !== undefined && <code>{at}</code>} <span class="quiet">{`${name(place.object)} ${place.path}`}</span>
    </span>
  );
}

export function Places({ places }: { readonly places: readonly PlaceType[] }) {
  return (
    <ul class="plain">
      {places.map((place) => (
        <li key={JSON.stringify(place)}>
          <Place place={place} />
        </li>
      ))}
    </ul>
  );
}

export function Pill({ kind, children }: { readonly kind: string; readonly children: ComponentChildren }) {
  return <span class={`pill ${kind}`}>{children}</span>;
}

export function ServiceLink({
  service,
  children,
}: {
  readonly service: string;
  readonly children?: ComponentChildren;
}) {
  return <a href={hrefOf('service', service.split('/'))}>{children ?? name(service)}</a>;
}

export function Success({ golden }: { readonly golden: Golden }) {
  return <span class={`success ${healthOf(golden.success)}`}>{percent(golden.success)}</span>;
}

/** The columns that every table of traffic ends with. */
export const goldenHeads = ['rate', 'success', 'denied', 'retries', 'p50', 'p90', 'p99'] as const;

export function GoldenCells({ golden }: { readonly golden: Golden }) {
  return (
    <>
      <td class="number">{golden.requests === 0 ? '–' : rate(golden.perSecond)}</td>
      <td class="number">
        <Success golden={golden} />
      </td>
      <td class={`number ${golden.denied > 0 ? 'bad' : 'quiet'}`}>
        {golden.denied === 0 ? '–' : short(golden.denied)}
      </td>
      <td class={`number ${golden.retries > 0 ? '' : 'quiet'}`}>
        {golden.retries === 0 ? '–' : short(golden.retries)}
      </td>
      <td class="number">{millis(golden.p50)}</td>
      <td class="number">{millis(golden.p90)}</td>
      <td class="number">{millis(golden.p99)}</td>
    </>
  );
}

export function Table(props: {
  readonly label: string;
  readonly heads: readonly (string | { readonly text: string; readonly number?: true })[];
  readonly empty?: string;
  readonly children: ComponentChildren;
  readonly rows: number;
}) {
  if (props.rows === 0) return <p class="quiet pad">{props.empty ?? 'nothing'}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll" tabIndex={0} aria-label={props.label}>
      <table>
        <thead>
          <tr>
            {props.heads.map((head) => {
              const text = typeof head === 'string' ? head : head.text;
              const number = typeof head !== 'string' || (goldenHeads as readonly string[]).includes(text);
              return (
                <th key={text} scope="col" class={number ? 'number' : undefined}>
                  {text}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </section>
  );
}

/** Whether all words of the filter are in one of the texts. */
export function matches(...texts: readonly string[]): boolean {
  const all = texts.join(' ').toLowerCase();
  return parameter('q')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
