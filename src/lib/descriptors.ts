import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** The folder of the installed package: the nearest one above this file that holds `package.json`. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('package.json not found above the program');
    directory = parent;
  }
  return directory;
}

const loaded = new Map<string, protobuf.Root>();

/** The protobuf descriptor `generated/NAME.json`, which `npm run generate` makes. Field names are lowerCamelCase. */
export function loadDescriptor(name: 'proxy' | 'discovery' | 'envoy'): protobuf.Root {
  let root = loaded.get(name);
  if (root === undefined) {
    root = protobuf.Root.fromJSON(JSON.parse(readFileSync(join(packageRoot(), 'generated', `${name}.json`), 'utf8')));
    loaded.set(name, root);
  }
  return root;
}
