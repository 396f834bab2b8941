import { type Field, portNumbers } from '../kubernetes/field.ts';
import type { Reading } from './reading.ts';
import type { BackendRef } from './types.ts';

/** A reference to what takes traffic; without a weight it has one share. */
export function readBackend(item: Field, namespace: string, reading: Reading): BackendRef {
  const known = ['group', 'kind', 'name', 'namespace', 'port', 'weight', 'filters'];
  const strange = reading.hasUnknown('SMI4702', item, known, 'its share of the requests fails');
  const filters = item.at('filters');
  const filtered = filters.items().length > 0;
  if (filtered) {
    const message = `${filters.path} is for one backend alone, which the mesh cannot say: its share of the requests fails`;
    reading.report('SMI4702', filters, message);
  }
  const name = item.at('name').text();
  if (name === undefined) item.at('name').missing();
  const port = item.at('port').integer(...portNumbers);
  return {
    path: item.path,
    group: item.at('group').text() ?? '',
    kind: item.at('kind').text() ?? 'Service',
    namespace: item.at('namespace').text() ?? namespace,
    name: name ?? '',
    ...(port === undefined ? {} : { port }),
    weight: item.at('weight').integer(0, 1_000_000) ?? 1,
    unusable: strange || filtered,
  };
}
