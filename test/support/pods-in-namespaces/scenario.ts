import { clusterIps, outside, pods } from './mesh.ts';
import { node, sharedPath } from './network.ts';

/** What an unmodified program of a host sees. */
export interface Check {
  readonly name: string;
  readonly from: string;
  readonly command: readonly string[];
  readonly expected: RegExp;
}

/** Closed, refused, or reset; by whichever client. */
const refused = /^(000 .*|nothing|)$/;
const address = (name: string, family: 0 | 1): string => {
  const found = [...pods, outside].find((host) => host.name === name)!.addresses[family];
  return family === 1 ? `[${found}]` : found;
};
const clusterIp = (name: keyof typeof clusterIps, family: 0 | 1): string =>
  family === 1 ? `[${clusterIps[name][1]}]` : clusterIps[name][0]!;

/** Prints status and body. */
const curl = (url: string, ...more: readonly string[]): readonly string[] => [
  ...['curl', '-sk', '--noproxy', '*', '--max-time', '10', '-w', '\\n%{http_code}', ...more, url],
];
const fetching = (url: string): readonly string[] => [
  ...[
    node,
    '-e',
    'fetch(process.argv[1]).then(async (r) => console.log(await r.text() + "\\n" + r.status), () => console.log("000"))',
    url,
  ],
];
const urllib = (url: string): readonly string[] => [
  ...[
    '/usr/bin/python3',
    '-c',
    'import sys,urllib.request as u; r = u.build_opener(u.ProxyHandler({})).open(sys.argv[1], timeout=20); print(r.read().decode()); print(r.status)',
    url,
  ],
];
/** Waits for the server to speak. */
const bytes = (host: string, port: number): readonly string[] => [
  ...[
    node,
    '-e',
    'let t = ""; const end = () => { console.log(t || "nothing"); process.exit(0); }; require("net").connect(process.argv[2], process.argv[1]).on("data", (d) => t += d).on("error", end).on("close", end)',
    host.replace(/[[\]]/g, ''),
    String(port),
  ],
];
const call = (target: string): readonly string[] => [
  ...[node, sharedPath(new URL('programs/call.ts', import.meta.url).pathname), target],
];
const datagram = (host: string, port: number): readonly string[] => [
  ...[
    node,
    '-e',
    'const s = require("dgram").createSocket("udp4", (m) => { console.log(String(m)); process.exit(0); }); s.send("hello", process.argv[2], process.argv[1]); setTimeout(() => process.exit(1), 20000)',
    host,
    String(port),
  ],
];

const said = (who: string, at: string, caller = '.*') =>
  new RegExp(`^${who} at ${at === '.*' ? at : at.replace(/[.]/g, '[.]')} for ${caller}\n200$`);
const families = [0, 1] as const;
const bare = (name: string, family: 0 | 1): string => address(name, family).replace(/[[\]]/g, '');
const buyerId = 'spiffe://cluster.local/ns/default/sa/buyer';

/** With everything that the mesh does not know let through. */
export const checks: readonly Check[] = [
  ...families.flatMap((family): readonly Check[] => {
    const v = family === 0 ? 'IPv4' : 'IPv6';
    const store = clusterIp('store', family);
    const check = (name: string, from: string, command: readonly string[], expected: RegExp): Check => ({
      name: `${v}: ${name}`,
      from,
      command,
      expected,
    });
    return [
      check(
        'curl reaches a Service at its cluster IP',
        'buyer',
        curl(`http://${store}/books`),
        said('store-[ab]', '.*', buyerId),
      ),
      check('node reaches it', 'buyer', fetching(`http://${store}/books`), said('store-[ab]', '.*', buyerId)),
      check('Python reaches it', 'buyer', urllib(`http://${store}/books`), said('store-[ab]', '.*', buyerId)),
      check(
        'any authority means the Service of the address',
        'buyer',
        curl(`http://${store}/books`, '-H', 'Host: shop.example'),
        said('store-[ab]', '.*'),
      ),
      check('what is not granted is refused', 'buyer', curl(`http://${store}/books`, '-X', 'POST'), /403$/),
      check('who has no grant is refused', 'thief', curl(`http://${store}/books`), /403$/),
      check('bytes of a server that speaks first', 'buyer', bytes(store, 9000), /^store-[ab] at /),
      check('bytes that are not granted', 'thief', bytes(store, 9000), refused),
      check('gRPC', 'buyer', call(`${store}:50051`), /^store-[ab]$/),
      check('gRPC that is not granted', 'thief', call(`${store}:50051`), /^PERMISSION_DENIED$/),
      check(
        'a program without sidecar meets a closed door',
        'plain',
        curl(`http://${address('store-a', family)}:8080/books`),
        /000$/,
      ),
      check('also at the cluster IP', 'plain', curl(`http://${store}/books`), /000$/),
      check(
        'but enters a permissive port',
        'plain',
        curl(`http://${store}:81/any`),
        said('store-a', bare('store-a', family), 'nobody'),
      ),
      check('and a meshed one, too', 'buyer', curl(`http://${store}:81/books`), said('store-[ab]', '.*', buyerId)),
      check(
        'a program without sidecar is reached in plain text',
        'buyer',
        curl(`http://${clusterIp('plain', family)}/any`),
        said('plain', '.*', 'nobody'),
      ),
      check('bytes of one', 'buyer', bytes(clusterIp('plain', family), 9000), /^plain at /),
      check(
        'HTTP outside, at a port that Services have',
        'buyer',
        curl(`http://${address('outside', family)}/`),
        said('outside', bare('outside', family), 'nobody'),
      ),
      check(
        'HTTP outside, at a port that none has',
        'buyer',
        curl(`http://${address('outside', family)}:8080/`),
        said('outside', bare('outside', family), 'nobody'),
      ),
      check('TLS outside', 'buyer', curl(`https://${address('outside', family)}/`), /^outside at .* by TLS\n200$/),
      check(
        'bytes outside, at a port that Services have',
        'buyer',
        bytes(address('outside', family), 9000),
        /^outside at /,
      ),
      check('gRPC outside', 'buyer', call(`${address('outside', family)}:50051`), /^outside$/),
      check(
        'a Service without selector',
        'buyer',
        curl(`https://${clusterIp('apiserver', family)}/`),
        /^outside at .* by TLS\n200$/,
      ),
      check(
        'an ExternalName Service',
        'buyer',
        curl(`http://partner.example/`, '--resolve', `partner.example:80:${address('outside', family)}`),
        said('outside', '.*'),
      ),
      check(
        'an undeclared port, for a meshed caller',
        'buyer',
        curl(`http://${address('store-a', family)}:7777/books`),
        /000$/,
      ),
      check(
        'an undeclared port, for another',
        'plain',
        curl(`http://${address('store-a', family)}:7777/books`),
        /000$/,
      ),
      check(
        'a pod behind a headless Service, by HTTP',
        'buyer',
        curl(`http://${address('store-b', family)}:8080/books`),
        said('store-b', bare('store-b', family), buyerId),
      ),
      check('and what is not granted there', 'thief', curl(`http://${address('store-b', family)}:8080/books`), /403$/),
      ...(['store-a', 'store-b'] as const).map((name) =>
        check(
          `the headless pod ${name}, by bytes`,
          'buyer',
          bytes(address(name, family), 9000),
          new RegExp(`^${name} at ${bare(name, family)}`),
        ),
      ),
      check(
        'a pod that calls its own Service',
        'store-a',
        curl(`http://${clusterIp('single', family)}/books`),
        said('store-a', '.*', 'spiffe://cluster.local/ns/default/sa/store'),
      ),
      check(
        'and what is not granted there',
        'store-a',
        curl(`http://${clusterIp('single', family)}/books`, '-X', 'POST'),
        /403$/,
      ),
      check(
        'a pod that calls itself',
        'store-a',
        curl(`http://${address('store-a', family)}:8080/any`),
        said('store-a', bare('store-a', family), 'nobody'),
      ),
      check(
        'its loopback address',
        'store-a',
        curl(`http://${family === 0 ? '127.0.0.1' : '[::1]'}:8080/any`),
        said('store-a', family === 0 ? '127.0.0.1' : '::1', 'nobody'),
      ),
      check(
        "the sidecar's own port at another address",
        'buyer',
        curl(`http://${address('outside', family)}:15001/`),
        /000$/,
      ),
      check(
        "the sidecar's own port at the pod's address",
        'buyer',
        curl(`http://${address('buyer', family)}:15001/`),
        /000$/,
      ),
      check(
        "the sidecar's inbound port from elsewhere",
        'plain',
        curl(`http://${address('store-a', family)}:15006/`),
        /000$/,
      ),
      check(
        "the sidecar's outbound port from elsewhere",
        'plain',
        curl(`http://${address('store-a', family)}:15001/`),
        /000$/,
      ),
    ];
  }),
  {
    name: 'datagrams go as they are',
    from: 'buyer',
    command: datagram(bare('outside', 0), 53),
    expected: /^outside heard hello$/,
  },
];

/** With nothing let through that the mesh does not know. */
export const closedChecks: readonly Check[] = [
  {
    name: 'HTTP outside is closed',
    from: 'buyer',
    command: curl(`http://${address('outside', 0)}:8080/`),
    expected: /000$/,
  },
  {
    name: 'HTTP outside is refused at a port that requests share',
    from: 'buyer',
    command: curl(`http://${address('outside', 1)}/`),
    expected: /404$/,
  },
  {
    name: 'TLS outside is closed',
    from: 'buyer',
    command: curl(`https://${address('outside', 1)}/`),
    expected: /000$/,
  },
  { name: 'bytes outside are closed', from: 'buyer', command: bytes(address('outside', 0), 9000), expected: refused },
  {
    name: 'a Service without selector is reached',
    from: 'buyer',
    command: curl(`https://${clusterIp('apiserver', 0)}/`),
    expected: /^outside at .* by TLS\n200$/,
  },
  {
    name: 'a Service is reached',
    from: 'buyer',
    command: curl(`http://${clusterIp('store', 1)}/books`),
    expected: said('store-[ab]', '.*'),
  },
];
