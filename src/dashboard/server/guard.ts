import type { IncomingHttpHeaders } from 'node:http';

/**
 * Why a request must not be answered; nothing when it may be. A page of somebody else can make a browser send requests here: by
 * a name of its own that it lets resolve to this machine (then `Host` is that name), or as a request from another origin.
 */
export function refusalOf({ host, origin }: IncomingHttpHeaders): string | undefined {
  if (host === undefined || !isLoopbackHost(host)) return 'only by the name localhost or a loopback address';
  if (origin !== undefined && origin !== `http://${host}`) return 'not from pages of another origin';
  return undefined;
}

/** `localhost`, `127.0.0.0/8` or `[::1]`, with or without a port. */
function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host);
}
