import { any, type Message } from './message.ts';

/** Octets that stand for themselves in a normal path. */
const plain = "[!$&'()*+,.0-9:;=@A-Z\\[\\]_a-z~-]";
/** Escapes that a normal path may contain: not those of unreserved octets, of a slash, a backslash or NUL. */
const escaped =
  '%(?:0[1-9A-Fa-f]|1[0-9A-Fa-f]|2[0-9A-Ca-c]|3[A-Fa-f]|[46]0|5[BDEbde]|7[B-DFb-df]|[89A-Fa-f][0-9A-Fa-f])';
/** A request target in normal form, query included, but for segments that begin with dots and a parameter. */
const normalTarget = `/(?:(?:${plain}|${escaped})+/?)*(?:\\?.*)?`;
const dotParameter = '.*/\\.\\.?;.*';

/**
 * The first routes of every virtual host: what Envoy's own checks let through although it can be read in two ways is
 * answered 400. `src/lib/http-path.ts` is the same rule for our own code. Policy is not asked.
 */
export const faultRoutes: readonly Message[] = [
  {
    name: 'path-without-normal-form',
    match: {
      prefix: '',
      headers: [{ name: ':path', stringMatch: { safeRegex: { regex: normalTarget } }, invertMatch: true }],
    },
    ...badRequest(),
  },
  {
    // Envoy joins the values of a repeated Host with a comma and forwards that; RFC 9112 section 3.2 asks for 400.
    name: 'repeated-host',
    match: { prefix: '', headers: [{ name: ':authority', stringMatch: { contains: ',' } }] },
    ...badRequest(),
  },
  { name: 'path-with-dot-parameter', match: { safeRegex: { regex: dotParameter } }, ...badRequest() },
  {
    // Where the body ends and the other protocol begins would be for each hop to guess.
    name: 'upgrade-with-body',
    match: {
      prefix: '',
      headers: [
        { name: 'connection', stringMatch: { contains: 'upgrade', ignoreCase: true } },
        { name: 'upgrade', stringMatch: { exact: 'websocket', ignoreCase: true } },
        { name: 'content-length', stringMatch: { safeRegex: { regex: '.*[1-9].*' } } },
      ],
    },
    ...badRequest(),
  },
];

function badRequest(): Message {
  return {
    directResponse: { status: 400 },
    // A filter configuration without rules switches the filter off for the route.
    typedPerFilterConfig: {
      'envoy.filters.http.rbac': any('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', {}),
    },
  };
}
