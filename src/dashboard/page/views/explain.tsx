import { useEffect, useState } from 'preact/hooks';
import type { CataloguePage } from '../../api/contract.ts';
import { Answer, type Explained } from '../parts/answer.tsx';
import { Head, Loading } from '../parts/parts.tsx';
import { useJson } from '../state/live.ts';
import { parameter, show } from '../state/route.ts';

const fields = ['from', 'to', 'method', 'path', 'header', 'kind'] as const;

function fromAddress(): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((field) => [field, parameter(field)]));
}

export function Explain() {
  const names = useJson<CataloguePage>('/api/catalogue', false).data;
  const [draft, setDraft] = useState(fromAddress);
  // The address is changed by others too: by who goes back, or follows a link.
  useEffect(() => setDraft(fromAddress()), [fields.map(parameter).join('\0')]);
  const set = (field: string) => (event: { readonly currentTarget: { readonly value: string } }) =>
    setDraft({ ...draft, [field]: event.currentTarget.value });
  const query = new URLSearchParams();
  for (const field of fields) {
    for (const value of parameter(field).split('\n')) if (value.trim() !== '') query.append(field, value.trim());
  }
  const asked = parameter('from') !== '' && parameter('to') !== '';
  const json = asked ? `/api/explain?${query}` : undefined;
  const loaded = useJson<Explained>(json);
  const http = (draft.kind ?? '') === '' || draft.kind === 'http';
  return (
    <section class="view">
      <Head
        title="Explain"
        {...(json === undefined ? {} : { json })}
        note="where a request goes, and which lines decide"
      />
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          show(http ? draft : { ...draft, method: '', path: '', header: '' });
        }}
      >
        <label>
          <span>from</span>
          <input required name="from" list="clients" value={draft.from} onInput={set('from')} placeholder="bookbuyer" />
        </label>
        <label>
          <span>to</span>
          <input
            required
            name="to"
            list="services"
            value={draft.to}
            onInput={set('to')}
            placeholder="bookstore:14001"
          />
        </label>
        <label>
          <span>kind</span>
          <select name="kind" value={draft.kind || 'http'} onChange={set('kind')}>
            <option value="http">HTTP</option>
            <option value="tcp">TCP</option>
            <option value="udp">UDP</option>
          </select>
        </label>
        {http && (
          <>
            <label>
              <span>method</span>
              <input
                name="method"
                list="methods"
                size={7}
                value={draft.method}
                onInput={set('method')}
                placeholder="GET"
              />
            </label>
            <label class="wide">
              <span>path</span>
              <input name="path" value={draft.path} onInput={set('path')} placeholder="/" />
            </label>
            <label class="wide">
              <span>headers, one a line</span>
              <textarea
                name="header"
                rows={1}
                value={draft.header}
                onInput={set('header')}
                placeholder="x-user: alice"
              />
            </label>
          </>
        )}
        <button type="submit" class="button primary">
          Explain
        </button>
        <datalist id="clients">
          {names?.clients.map((client) => (
            <option key={client} value={client} />
          ))}
        </datalist>
        <datalist id="services">
          {names?.services.flatMap(({ service, protocols }) => {
            const [namespace = '', own = ''] = service.split('/');
            return protocols.map((protocol) => {
              const port = protocol.split(' ')[1]?.split('/')[0];
              return <option key={service + protocol} value={`${own}.${namespace}:${port}`} />;
            });
          })}
        </datalist>
        <datalist id="methods">
          {['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD'].map((method) => (
            <option key={method} value={method} />
          ))}
        </datalist>
      </form>
      {asked && <Loading loaded={loaded}>{(answer) => <Answer answer={answer} />}</Loading>}
    </section>
  );
}
