import { systemNames } from '../../kubernetes/names.ts';
import { readBundle } from '../../lib/certificates.ts';
import { at } from '../kinds.ts';
import { type Check, type CheckContext, type CheckResult, reporter } from './result.ts';

const report = reporter('certificates');
const day = 86_400_000;
/** The controller renews long before; what is closer to its end than this is not being renewed. */
const soon = 2 * day;

export const checkCertificates: Check = async (context) => [
  ...(await ofSecret(context, systemNames.webhookCertificate, 'of the webhooks')),
  ...(await ofSecret(context, systemNames.authority, 'of the authority')),
];

/** Only certificates are read, never keys. */
async function ofSecret(context: CheckContext, name: string, what: string): Promise<readonly CheckResult[]> {
  const { connection, namespace, now } = context;
  const secret = await connection.get(`/api/v1/namespaces/${namespace}/secrets/${name}`);
  if (!secret.ok) {
    if (secret.error.status === 403) return [report.skipped(`Secret ${name}: this user may not read it`)];
    if (secret.error.status !== 404) return [report.skipped(secret.error.diagnostic.message)];
    return [
      report.warning(
        `Secret ${namespace}/${name} is not there`,
        'The leader makes it, unless the settings say otherwise.',
      ),
    ];
  }
  const data = at(secret.value, 'data', 'tls.crt');
  const bundle = readBundle(Buffer.from(String(data ?? ''), 'base64').toString('utf8'));
  const [certificate] = bundle.ok ? bundle.value : [];
  if (certificate === undefined) return [report.error(`the certificate ${what} cannot be read in Secret ${name}`)];
  const left = certificate.validToDate.getTime() - now;
  const date = certificate.validToDate.toISOString().slice(0, 10);
  if (left < 0) return [report.error(`the certificate ${what} has expired on ${date}`, 'See the log of the leader.')];
  if (left < soon) return [report.warning(`the certificate ${what} expires on ${date}`, 'See the log of the leader.')];
  return [report.ok(`the certificate ${what} is valid until ${date}`)];
}
