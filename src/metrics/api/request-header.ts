import type { Connection } from '../../kubernetes-client/connect.ts';
import { percentDecoded } from '../../lib/percent-encoding.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';

/** Whom the apiserver's front proxy is, and how it says who asks. */
export interface RequestHeaderTrust {
  /** PEM. */
  readonly clientAuthority: string;
  /** Common names of certificates that may speak for others; empty: any that the authority signed. */
  readonly allowedNames: readonly string[];
  /** In lower case. */
  readonly usernameHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

/** Who asks, as the front proxy says. */
export interface ApiUser {
  readonly name: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

/** What the apiserver says of its front proxy; the error is a sentence. */
export async function readRequestHeaderTrust(
  connection: Pick<Connection, 'get'>,
): Promise<Result<RequestHeaderTrust, string>> {
  const answer = await connection.get(path);
  if (!answer.ok) return err(answer.error.diagnostic.message);
  const data = isRecord(answer.value) && isRecord(answer.value.data) ? answer.value.data : {};
  const clientAuthority = data['requestheader-client-ca-file'];
  if (typeof clientAuthority !== 'string' || clientAuthority === '') {
    return err('the apiserver names no authority of a front proxy: it runs without --requestheader-client-ca-file');
  }
  const list = (key: string, usual: readonly string[]) => textsOf(data[key]) ?? usual;
  const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
  return ok({
    clientAuthority,
    allowedNames: list('requestheader-allowed-names', []),
    usernameHeaders: lower(list('requestheader-username-headers', ['X-Remote-User'])),
    groupHeaders: lower(list('requestheader-group-headers', ['X-Remote-Group'])),
    extraPrefixes: lower(list('requestheader-extra-headers-prefix', ['X-Remote-Extra-'])),
  });
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) && parsed.every((each) => typeof each === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** A request as far as it says who asks. `commonName` is that of a client certificate which the authority signed; absent: there is none. */
export interface Presented {
  readonly commonName: string | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
}

/** Nothing when nobody who may speak for others says who asks. */
export function userOf({ commonName, headers }: Presented, trust: RequestHeaderTrust): ApiUser | undefined {
  if (commonName === undefined) return undefined;
  if (trust.allowedNames.length > 0 && !trust.allowedNames.includes(commonName)) return undefined;
  const valuesOf = (names: readonly string[]) => names.flatMap((name) => headers[name] ?? []);
  const [name] = valuesOf(trust.usernameHeaders);
  if (name === undefined || name === '') return undefined;
  const extra: Record<string, readonly string[]> = {};
  for (const prefix of trust.extraPrefixes) {
    for (const [header, values] of Object.entries(headers)) {
      // Keys are percent-encoded where a header's name could not be so.
      if (header.startsWith(prefix) && values !== undefined)
        extra[percentDecoded(header.slice(prefix.length))] = values;
    }
  }
  return { name, groups: valuesOf(trust.groupHeaders), extra };
}
