import type { Location, Origin } from '../../../diagnostics/origin.ts';
import type { Explanation } from '../../../explain/explanation.ts';
import { name, percent } from './format.ts';
import { Pill } from './parts.tsx';

/** An explanation in which every origin also has its place, where that is known. */
export type Explained = Explanation;

type Located = Origin & Partial<Location>;

const kinds: Readonly<Record<string, string>> = {
  allowed: 'good',
  allow: 'good',
  denied: 'bad',
  deny: 'bad',
  rejected: 'bad',
  reject: 'bad',
  unavailable: 'warn',
  mixed: 'warn',
  'partly allowed': 'warn',
};

export function Answer({ answer }: { readonly answer: Explained }) {
  return (
    <div class="answer">
      <p class="verdict">
        <Pill kind={kinds[answer.verdict] ?? 'idle'}>{answer.verdict}</Pill> {name(answer.client.account)} →{' '}
        {name(answer.to.name)}:{answer.to.port}
        {answer.request.kind === 'http' && (
          <code>
            {answer.request.method} {answer.request.path}
          </code>
        )}
      </p>
      {answer.rejection !== undefined && (
        <p class="bad">
          {answer.rejection.answer}: {answer.rejection.text}
        </p>
      )}
      {answer.route !== undefined && answer.route.origins.length > 0 && (
        <p>
          rule {answer.route.index + 1} of {answer.route.rules} <Origins origins={answer.route.origins} />
        </p>
      )}
      <ul class="plain backends">
        {answer.backends.map((backend) => (
          <li key={`${backend.service}:${backend.port}`}>
            <p>
              <b>{backend.service === undefined ? 'pods' : name(backend.service)}</b>:{backend.port}{' '}
              {percent(backend.percent / 100, 1)} <Pill kind={kinds[backend.verdict] ?? 'idle'}>{backend.verdict}</Pill>{' '}
              <Origins origins={backend.origins} />
            </p>
            {backend.servers.map((server) => (
              <div class="server" key={server.set}>
                {server.grants.map((grant) => (
                  <p key={grant.rule}>
                    <span class="good">{name(grant.rule)} lets it in</span> <Origins origins={grant.origins} />
                  </p>
                ))}
                {server.denial !== undefined && <Denied denial={server.denial} answer={server.answer} />}
              </div>
            ))}
          </li>
        ))}
      </ul>
      {answer.policies.length > 0 && (
        <dl class="facts">
          {answer.policies.map((policy) => (
            <div key={policy.policy + policy.text}>
              <dt>{policy.policy}</dt>
              <dd>
                {policy.text} <Origins origins={policy.origins ?? []} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {answer.notes.map((note) => (
        <p class="quiet" key={note}>
          {note}
        </p>
      ))}
    </div>
  );
}

type Denial = NonNullable<Explanation['backends'][number]['servers'][number]['denial']>;

function Denied({ denial, answer }: { readonly denial: Denial; readonly answer: string }) {
  return (
    <>
      <p class="bad">
        {answer}
        {denial.rule === undefined
          ? ': no TrafficTarget has these pods as destination'
          : `; ${name(denial.rule)} came nearest`}
      </p>
      {denial.differences.map(({ text, origins }) => (
        <p key={text}>
          {text} <Origins origins={origins} />
        </p>
      ))}
    </>
  );
}

function Origins({ origins }: { readonly origins: readonly Origin[] }) {
  const places = new Map((origins as readonly Located[]).map((origin) => [textOf(origin), origin]));
  return (
    <>
      {[...places].slice(0, 6).map(([text, { path, object }]) => (
        <code class="origin" key={text} title={`${object} ${path}`}>
          {text}
        </code>
      ))}
    </>
  );
}

function textOf({ file, line, object, path }: Located): string {
  return file === undefined ? `${object.split('/').slice(1).join('/')} ${path}` : `${file}:${line}`;
}
