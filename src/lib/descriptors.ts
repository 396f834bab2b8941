import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { packageRoot } from './package-root.ts';

const loaded = new Map<string, protobuf.Root>();

/** The protobuf descriptor `generated/NAME.json`, which `npm run generate` makes. Field names are lowerCamelCase. */
export function loadDescriptor(name: 'proxy' | 'discovery' | 'status' | 'envoy'): protobuf.Root {
  let root = loaded.get(name);
  if (root === undefined) {
    root = protobuf.Root.fromJSON(JSON.parse(readFileSync(join(packageRoot(), 'generated', `${name}.json`), 'utf8')));
    loaded.set(name, root);
  }
  return root;
}
