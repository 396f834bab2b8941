import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type GoModule, moduleFolder } from './go-module.ts';

export const istioApi: GoModule = {
  path: 'istio.io/api',
  version: 'v1.32.0',
  sum: 'h1:37mJvg9I0biYZAEQF+MATs4FNeCpXEIVO3LFpVb6iNM=',
};

/** Istio's own definitions of its kinds; `undefined` where there is no Go. */
export function istioCrds(): readonly unknown[] | undefined {
  const folder = moduleFolder(istioApi);
  if (folder === undefined) return undefined;
  const text = readFileSync(join(folder, 'kubernetes', 'customresourcedefinitions.gen.yaml'), 'utf8');
  return parseAllDocuments(text)
    .map((document) => document.toJSON() as unknown)
    .filter((document) => document !== null);
}
