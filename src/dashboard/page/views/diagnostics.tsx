import type { DiagnosticsPage } from '../../api/contract.ts';
import { ago, name } from '../parts/format.ts';
import { Head, Loading, matches, Pill } from '../parts/parts.tsx';
import { useJson } from '../state/live.ts';

type Finding = DiagnosticsPage['findings'][number];

const kinds = { error: 'bad', warning: 'warn', info: 'info' } as const;
const order = ['error', 'warning', 'info'];

export function Diagnostics() {
  const loaded = useJson<DiagnosticsPage>('/api/diagnostics');
  return (
    <section class="view">
      <Head title="Diagnostics" json="/api/diagnostics" filter="code, file or object" />
      <Loading loaded={loaded}>
        {({ findings, refusals }) => {
          const shown = findings
            .filter((one) =>
              matches(one.code, one.message, one.location?.file ?? '', one.origin?.object ?? '', one.severity),
            )
            .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
          return (
            <>
              {refusals.map(({ finding, since, proxies, detail }) => (
                <article class="finding bad" key={JSON.stringify(finding)}>
                  <Finding finding={finding} />
                  <p>
                    refused {ago(since)} by {proxies.map(name).join(', ')}: <code>{detail}</code>
                  </p>
                </article>
              ))}
              {shown.map((finding) => (
                <article class={`finding ${kinds[finding.severity]}`} key={JSON.stringify(finding)}>
                  <Finding finding={finding} />
                </article>
              ))}
              {shown.length + refusals.length === 0 && (
                <p class="good pad">
                  Nothing is wrong with {findings.length === 0 ? 'the manifests' : 'what the filter names'}.
                </p>
              )}
            </>
          );
        }}
      </Loading>
    </section>
  );
}

function Finding({ finding }: { readonly finding: Finding }) {
  const { code, severity, message, hint, location, origin, related = [] } = finding;
  return (
    <>
      <p>
        <Pill kind={kinds[severity]}>{severity}</Pill> <b>{code}</b> {message}
      </p>
      <p class="quiet">{hint}</p>
      <p>
        {location !== undefined && (
          <code>
            {location.file}:{location.line}:{location.column}
          </code>
        )}{' '}
        {origin !== undefined && (
          <span class="quiet">
            {origin.object.split('/').slice(1).join('/')} {origin.path}
          </span>
        )}
      </p>
      {related.map(({ what, location: at }) => (
        <p class="quiet" key={what}>
          see also {what} {at !== undefined && <code>{`${at.file}:${at.line}`}</code>}
        </p>
      ))}
    </>
  );
}
