import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../lib/package-root.ts';

export interface Asset {
  readonly type: string;
  readonly text: string;
}

/** The files of the page by the path at which they are served. */
const files: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/assets/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/assets/app.css': ['app.css', 'text/css; charset=utf-8'],
  '/assets/icon.svg': ['icon.svg', 'image/svg+xml'],
};

/** Nothing comes from elsewhere, nothing is run that is not in the files, and nobody shows the page inside another. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache',
};

const notBuilt = 'The page of the dashboard has not been built: run npm run build in the checkout.\n';

/** Nothing for a path that is no file of the page. Files are read when they are asked for first. */
export function assetAt(path: string): Asset | undefined {
  const [name, type] = (Object.hasOwn(files, path) ? files[path] : undefined) ?? [];
  if (name === undefined || type === undefined) return undefined;
  const known = read.get(name);
  if (known !== undefined) return known;
  try {
    const asset = { type, text: readFileSync(join(packageRoot(), 'dist/dashboard', name), 'utf8') };
    read.set(name, asset);
    return asset;
  } catch {
    return { type: 'text/plain; charset=utf-8', text: notBuilt };
  }
}

const read = new Map<string, Asset>();
