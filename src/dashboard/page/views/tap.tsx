import { useEffect, useRef, useState } from 'preact/hooks';
import type { RequestRecord } from '../../../telemetry/record.ts';
import { millis, name, time } from '../parts/format.ts';
import { Head, Pill, Table } from '../parts/parts.tsx';
import { errorOf } from '../state/live.ts';
import { parameter, show } from '../state/route.ts';

const filters = [
  ['of', 'deploy/bookbuyer'],
  ['source', 'bookbuyer'],
  ['destination', 'bookstore'],
  ['method', 'GET'],
  ['path', '/books*'],
  ['status', '5xx'],
  ['verdict', 'denied'],
  ['min-millis', '100'],
] as const;

const maxRecords = 300;
/** How often what has come is drawn. */
const drawMillis = 250;
/** After a stream that has ended, or was refused. */
const retryMillis = 3_000;

export function Tap() {
  const query = new URLSearchParams({ direction: parameter('direction') === 'inbound' ? 'inbound' : 'outbound' });
  for (const [field] of filters) if (parameter(field) !== '') query.set(field, parameter(field));
  const path = `/tap?${query}`;
  const paused = parameter('paused') === 'yes';
  const { records, error, counted } = useTap(path, paused);
  return (
    <section class="view">
      <Head title="Tap" json={path} note={`${counted} requests seen`}>
        <fieldset class="switch">
          <legend>Whose proxy reports</legend>
          {(['outbound', 'inbound'] as const).map((direction) => (
            <button
              key={direction}
              type="button"
              aria-pressed={query.get('direction') === direction}
              onClick={() => show({ direction: direction === 'outbound' ? '' : direction })}
            >
              {direction}
            </button>
          ))}
        </fieldset>
        <button
          type="button"
          class="button"
          aria-pressed={paused}
          onClick={() => show({ paused: paused ? '' : 'yes' })}
        >
          {paused ? 'Go on' : 'Pause'}
        </button>
      </Head>
      <form class="form tight" onSubmit={(event) => event.preventDefault()}>
        {filters.map(([field, example]) => (
          <label key={field}>
            <span>{field}</span>
            <input
              size={12}
              value={parameter(field)}
              placeholder={example}
              onChange={(event) => show({ [field]: event.currentTarget.value })}
            />
          </label>
        ))}
      </form>
      {error !== undefined && (
        <p class="problem" role="alert">
          {error}
        </p>
      )}
      <Table
        label="Requests"
        heads={['time', 'from', 'to', 'request', 'answer', 'verdict', { text: 'took', number: true }, 'rule', 'trace']}
        rows={records.length}
        empty={error === undefined ? 'waiting for requests' : 'nothing'}
      >
        {records.map((record) => (
          <Row key={record.key} record={record} />
        ))}
      </Table>
    </section>
  );
}

type Seen = RequestRecord & { readonly key: number };

const verdictKinds: Readonly<Record<string, string>> = {
  forwarded: 'good',
  allowed: 'good',
  denied: 'bad',
  rejected: 'bad',
  failed: 'bad',
  limited: 'warn',
  audited: 'warn',
};

function Row({ record }: { readonly record: Seen }) {
  const { code, verdict, origin } = record;
  const answer = code === 0 ? (record.reason === '' ? 'none' : record.reason) : String(code);
  return (
    <tr>
      <td class="number">{time(record.time)}</td>
      <td>{name(record.source.workload || record.source.address)}</td>
      <td>
        {name(record.destination.service || record.destination.workload || record.authority)}
        {record.backend !== '' && <span class="quiet"> → {name(record.backend)}</span>}
      </td>
      <td>
        <code>{record.method === '' ? record.protocol : `${record.method} ${record.path}`}</code>
      </td>
      <td class={code >= 400 || code === 0 ? 'bad' : undefined}>{answer}</td>
      <td>
        <Pill kind={verdictKinds[verdict] ?? 'idle'}>{verdict}</Pill>
      </td>
      <td class="number">{millis(record.millis)}</td>
      <td title={origin === undefined ? undefined : `${origin.object} ${origin.path}`}>{name(record.rule)}</td>
      <td class="quiet">{record.traceId.slice(0, 8)}</td>
    </tr>
  );
}

/** The latest records of a stream, one JSON a line; the latest first. */
function useTap(
  path: string,
  paused: boolean,
): { readonly records: readonly Seen[]; readonly error?: string; readonly counted: number } {
  const [shown, setShown] = useState<{ readonly records: readonly Seen[]; readonly counted: number }>({
    records: [],
    counted: 0,
  });
  const [error, setError] = useState<string>();
  const kept = useRef<readonly Seen[]>([]);
  const counted = useRef(0);
  // Other questions have other answers.
  useEffect(() => {
    kept.current = [];
    setShown({ records: [], counted: counted.current });
  }, [path]);
  useEffect(() => {
    if (paused) return undefined;
    const gone = new AbortController();
    let drawn = counted.current;
    const timer = setInterval(() => {
      if (drawn === counted.current) return;
      drawn = counted.current;
      setShown({ records: kept.current, counted: counted.current });
    }, drawMillis);
    const take = (records: readonly RequestRecord[]) => {
      setError(undefined);
      const fresh = records.map((record) => ({ ...record, key: counted.current++ }));
      kept.current = [...fresh.toReversed(), ...kept.current].slice(0, maxRecords);
    };
    let retry: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      follow(path, gone.signal, take).catch((cause: Error) => {
        if (gone.signal.aborted) return;
        setError(cause.message);
        // The proxies that are meant may come yet, and a control plane that was lost comes back.
        retry = setTimeout(look, retryMillis);
      });
    };
    setError(undefined);
    look();
    return () => {
      gone.abort();
      clearInterval(timer);
      clearTimeout(retry);
    };
  }, [path, paused]);
  return { ...shown, ...(error === undefined ? {} : { error }) };
}

async function follow(
  path: string,
  signal: AbortSignal,
  take: (records: readonly RequestRecord[]) => void,
): Promise<void> {
  const response = await fetch(path, { signal });
  if (!response.ok || response.body === null)
    throw new Error(errorOf(await response.text()) ?? `status ${response.status}`);
  take([]);
  let rest = '';
  for await (const text of textOf(response.body)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    take(lines.flatMap(parse));
  }
  throw new Error('the stream has ended');
}

async function* textOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

/** What is no record, such as a count of those that were left out, is passed over. */
function parse(line: string): readonly RequestRecord[] {
  if (line.trim() === '') return [];
  const value = JSON.parse(line) as Partial<RequestRecord>;
  return typeof value.time === 'number' && value.source !== undefined ? [value as RequestRecord] : [];
}
