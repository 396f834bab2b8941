import { readSources } from '../../../src/source/read.ts';
import type { SourceDocument } from '../../../src/source/types.ts';
import type { ApiClient } from './client.ts';
import { objectsPath } from './crds.ts';
import { crdOf } from './manifests.ts';

/** Creates every object of some manifests in the namespace `default`. */
export async function create(client: ApiClient, paths: readonly string[]): Promise<void> {
  for (const document of readSources(paths).documents) {
    const { status, body } = await client.post(pathOf(document), document.object);
    if (status !== 201) throw new Error(`${document.key} is refused: ${body.message}`);
  }
}

const builtIn: Readonly<Record<string, string>> = {
  Service: '/api/v1/namespaces/default/services',
  ServiceAccount: '/api/v1/namespaces/default/serviceaccounts',
  Deployment: '/apis/apps/v1/namespaces/default/deployments',
};

function pathOf({ apiVersion, kind }: SourceDocument): string {
  return builtIn[kind] ?? objectsPath(crdOf({ apiVersion, kind }), apiVersion.split('/')[1] ?? '', 'default');
}
