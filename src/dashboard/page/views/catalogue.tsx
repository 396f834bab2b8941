import type { CataloguePage } from '../../api/contract.ts';
import { name } from '../parts/format.ts';
import {
  GoldenCells,
  goldenHeads,
  Head,
  Loading,
  matches,
  Pill,
  ServiceLink,
  scopeNote,
  Table,
} from '../parts/parts.tsx';
import { useJson } from '../state/live.ts';
import { hrefOf, windowText } from '../state/route.ts';

export function Catalogue() {
  const json = `/api/catalogue?window=${windowText.value}`;
  const loaded = useJson<CataloguePage>(json);
  return (
    <section class="view">
      <Head
        title="Services"
        json={json}
        filter="service, owner or caller"
        note={loaded.data && scopeNote(loaded.data.traffic)}
      />
      <Loading loaded={loaded}>
        {({ services }) => {
          const shown = services.filter((one) =>
            matches(one.service, one.owner ?? '', ...one.workloads, ...one.callers, ...one.protocols),
          );
          return (
            <Table
              label="Services"
              heads={['service', 'owner', 'workloads', 'pods', 'protocols', 'called by', 'allowed', ...goldenHeads]}
              rows={shown.length}
              empty={services.length === 0 ? 'This mesh has no Services.' : 'no such service'}
            >
              {shown.map((one) => (
                <tr key={one.service}>
                  <th scope="row">
                    <ServiceLink service={one.service} />
                    {one.split !== undefined && (
                      <a href={hrefOf('splits', one.split.split('/'))}>
                        <Pill kind="info">split</Pill>
                      </a>
                    )}
                    {one.kind === 'external' && <Pill kind="idle">external</Pill>}
                  </th>
                  <td class={one.owner === undefined ? 'quiet' : undefined}>{one.owner ?? '–'}</td>
                  <td>{one.workloads.map((text) => text.split(' ')[1]).join(', ')}</td>
                  <td class={one.ready < one.pods ? 'warn' : undefined}>
                    {one.ready}/{one.pods}
                  </td>
                  <td>{one.protocols.join(', ')}</td>
                  <td>{one.callers.join(', ')}</td>
                  <td class="quiet">{one.allowed.map(name).join(', ')}</td>
                  <GoldenCells golden={one.golden} />
                </tr>
              ))}
            </Table>
          );
        }}
      </Loading>
    </section>
  );
}
