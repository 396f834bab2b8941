import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject, SubjectContext, SubjectProcess } from './subject.ts';

interface Settings {
  readonly mode: 'http' | 'tcp';
  /** Of the `bind` line, behind the address. */
  readonly bind?: string;
  /** Of the `server` line, behind the address. */
  readonly server?: string;
  /** Further lines of the frontend. */
  readonly rules?: readonly string[];
}

/** HAProxy with one thread, in the foreground. */
function instance(context: SubjectContext, port: number, upstreamPort: number, settings: Settings): SubjectProcess {
  const { mode, bind = '', server = '', rules = [] } = settings;
  const routing =
    mode === 'http' ? `use_backend upstream if { hdr(host) -i ${context.host} }` : 'default_backend upstream';
  const file = join(context.folder, `haproxy-${port}.cfg`);
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 8192
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port} ${bind}
${rules.map((rule) => `  ${rule}\n`).join('')}  ${routing}
backend upstream
${mode === 'http' ? '  http-reuse always\n' : ''}  server one 127.0.0.1:${upstreamPort} ${server}
`,
  );
  return { command: context.programs.haproxy, args: ['-db', '-f', file], port };
}

const haproxy = (settings: (context: SubjectContext) => Settings): Subject => ({
  name: 'haproxy',
  prepare: (context) => [instance(context, context.port, context.upstreamPort, settings(context))],
});

export const haproxyHttp1 = haproxy(() => ({ mode: 'http' }));
export const haproxyHttp2 = haproxy(() => ({ mode: 'http', bind: 'proto h2', server: 'proto h2' }));
export const haproxyTcp = haproxy(() => ({ mode: 'tcp' }));
/** It verifies the server's certificate, but cannot ask for a SPIFFE id. */
export const haproxyTls = haproxy((context) => ({ mode: 'http', server: originate(context) }));

/** The policy is that the client's certificate is of the trust domain, and the method: a SPIFFE id is nothing that this version reads. */
export const haproxyPair: Subject = {
  name: 'haproxy',
  prepare: (context) => {
    const { port, betweenPort, upstreamPort, identities } = context;
    const bind = `ssl crt ${identities.server.both} ca-file ${identities.authority} verify required ssl-min-ver TLSv1.3`;
    const rules = ['http-request deny unless { ssl_c_used } { method GET HEAD POST }'];
    return [
      instance(context, betweenPort, upstreamPort, { mode: 'http', bind, rules }),
      instance(context, port, betweenPort, { mode: 'http', server: originate(context) }),
    ];
  },
};

function originate({ identities: { client, authority } }: SubjectContext): string {
  return `ssl crt ${client.both} ca-file ${authority} verify required ssl-min-ver TLSv1.3`;
}
