import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { failed, type ProbeOutcome, reasonOf } from './outcome.ts';
import type { ProbeTarget } from './table.ts';

type HttpTarget = Extract<ProbeTarget, { readonly kind: 'http' }>;

/** As many as the kubelet follows. */
const mostRedirects = 10;

/**
 * Asks as the kubelet would: certificates are not verified, redirects within the host are followed, and one to another host
 * counts as success. Bodies stay here: whoever reaches the sidecar's port may not be allowed to see them.
 */
export async function probeHttp(
  { scheme, port, path, headers }: HttpTarget,
  {
    address,
    userAgent,
    signal,
  }: { readonly address: string; readonly userAgent: string; readonly signal: AbortSignal },
): Promise<ProbeOutcome> {
  const host = address.includes(':') ? `[${address}]` : address;
  const fields: Record<string, string | string[]> = { 'User-Agent': userAgent, Accept: '*/*' };
  for (const { name, value } of headers) addField(fields, name, value);
  let url = new URL(`${scheme}://${host}:${port}`);
  try {
    url = new URL(`${url.origin}${path}`);
    for (let followed = 0; ; followed += 1) {
      const { statusCode = 0, headers: answered } = await headOf(url, fields, signal);
      const location = statusCode >= 300 && statusCode < 400 ? answered.location : undefined;
      if (location === undefined) return { status: statusCode, message: `HTTP status ${statusCode}` };
      const next = new URL(location, url);
      if (next.hostname !== url.hostname) return { status: 200, message: `redirected to another host` };
      if (followed === mostRedirects) return failed(`more than ${mostRedirects} redirects`);
      url = next;
    }
  } catch (error) {
    return failed(`${scheme} ${url.host}: ${reasonOf(error)}`);
  }
}

/** Header names are one whatever their case; a header that is given twice is sent twice. */
function addField(fields: Record<string, string | string[]>, name: string, value: string): void {
  const same = Object.keys(fields).find((key) => key.toLowerCase() === name.toLowerCase());
  const usual = same === 'User-Agent' || same === 'Accept';
  if (same === undefined || usual) {
    if (same !== undefined) delete fields[same];
    fields[name] = value;
    return;
  }
  fields[same] = [fields[same] ?? [], value].flat();
}

function headOf(url: URL, headers: Record<string, string | string[]>, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { headers, agent: false as const, signal, rejectUnauthorized: false };
    const request = url.protocol === 'https:' ? secureRequest(url, options) : plainRequest(url, options);
    request.on('error', reject);
    request.on('response', (response) => {
      response.destroy();
      resolve(response);
    });
    request.end();
  });
}
