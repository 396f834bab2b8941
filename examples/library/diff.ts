// What an edit of the access policy does to traffic: fails when it lets in anything that was kept out before.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile, diff, isWidening, parse, read } from 'smi-mesh';

const bookstore = fileURLToPath(new URL('../bookstore', import.meta.url));
const before = read([bookstore]);

const text = before.files.map(({ file }) => readFileSync(file, 'utf8')).join('\n---\n');
const after = parse(text.replace('methods: [GET]', 'methods: [GET, DELETE]'));

for (const change of diff(compile(before).model, compile(after).model)) {
  if (change.kind !== 'traffic') continue;
  const { request } = change.example.after;
  const asked = request.kind === 'http' ? `${request.method} ${request.path}` : 'a connection';
  console.log(
    `${change.effects.join(', ')}: ${asked} from ${change.clients.join(', ')} to ${change.service}:${change.port}`,
  );
  if (isWidening(change)) process.exitCode = 1;
}
