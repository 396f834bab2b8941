import type { Connection } from '../../../kubernetes-client/connect.ts';
import { isRecord } from '../../../lib/values.ts';
import type { ReadAnswer, ReadQuestion } from '../../target.ts';

const httpsPort = 443;

/** What the apiserver, or the server behind it, answers to a GET; rejects where nobody answers. */
export async function readFrom(
  connection: Pick<Connection, 'get'>,
  { path, as, direct }: ReadQuestion,
): Promise<ReadAnswer> {
  const way = direct === true ? await wayToServer(connection, path) : path;
  const answer = await connection.get(way, as === undefined ? {} : { as });
  if (answer.ok) return { status: 200, body: answer.value };
  if (answer.error.status === undefined) throw new Error(answer.error.diagnostic.message);
  return { status: answer.error.status };
}

/** The apiserver's proxy to any Service proves nobody to it, other than its aggregator. */
async function wayToServer(connection: Pick<Connection, 'get'>, path: string): Promise<string> {
  const [, , group = '', version = ''] = path.split('/');
  const name = `${version}.${group}`;
  const found = await connection.get(`/apis/apiregistration.k8s.io/v1/apiservices/${name}`);
  if (!found.ok) throw new Error(found.error.diagnostic.message);
  const spec = isRecord(found.value) && isRecord(found.value.spec) ? found.value.spec : {};
  if (!isRecord(spec.service)) throw new Error(`there is no server behind the APIService ${name}`);
  const { namespace, name: service, port = httpsPort } = spec.service;
  return `/api/v1/namespaces/${String(namespace)}/services/https:${String(service)}:${String(port)}/proxy${path}`;
}
