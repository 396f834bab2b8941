import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type GoModule, moduleFolder } from '../go-module.ts';

export const gatewayApiVersion = 'v1.7.0';

const module: GoModule = {
  path: 'sigs.k8s.io/gateway-api',
  version: gatewayApiVersion,
  sum: 'h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=',
};

export type Channel = 'standard' | 'experimental';

/** A CustomResourceDefinition of the API's own module. */
export interface GatewayCrd {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string; readonly names: { readonly kind: string; readonly plural: string } };
}

/** The definitions of a channel; `undefined` where there is no Go. */
export function gatewayApiCrds(channel: Channel): readonly GatewayCrd[] | undefined {
  const folder = moduleFolder(module);
  if (folder === undefined) return undefined;
  const crds = join(folder, 'config', 'crd', channel);
  const files = readdirSync(crds).filter((name) => name.startsWith('gateway.networking.k8s.io_'));
  const documents = files.map((file) => readFileSync(join(crds, file), 'utf8').split(/^---$/m));
  return documents
    .flat()
    .map((text) => parse(text) as GatewayCrd | null)
    .filter((document) => document?.kind === 'CustomResourceDefinition') as readonly GatewayCrd[];
}
