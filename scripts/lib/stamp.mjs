// Stamps: a file that holds the digest of what a result was made from, so that a step is done again only when that changed.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** SHA-256 over names and contents of the files and folders that are named, relative to `root`; missing ones count as such. */
export function digest(root, names) {
  const hash = createHash('sha256');
  for (const name of names) addTo(hash, root, name);
  return hash.digest('hex');
}

function addTo(hash, root, name) {
  const file = path.join(root, name);
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    for (const entry of fs.readdirSync(file).sort()) addTo(hash, root, path.join(name, entry));
    return;
  }
  const content = stat ? fs.readFileSync(file) : '';
  hash.update(`${name}\0${stat ? content.length : 'missing'}\0`).update(content);
}

export function isCurrent(stampFile, value) {
  return fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === value;
}

export function writeStamp(stampFile, value) {
  fs.writeFileSync(stampFile, value);
}
