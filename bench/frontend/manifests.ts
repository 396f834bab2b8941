import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appDocuments, servicesPerApp } from './app.ts';

export interface ManifestCounts {
  /** Documents in all. */
  readonly manifests: number;
  /** Kubernetes Services among them. */
  readonly services: number;
}

export interface WrittenManifests {
  readonly documents: number;
  readonly files: number;
  readonly bytes: number;
  /** One ordinary file of SMI resources. */
  readonly oneFile: string;
  /** The folder of one namespace. */
  readonly oneNamespace: { readonly folder: string; readonly documents: number };
  /** A question that the manifests answer with yes. */
  readonly question: { readonly from: string; readonly to: string; readonly path: string };
}

const appsPerNamespace = 25;

/**
 * Writes manifests as a team keeps them: a folder for each namespace, in it three files for each application (workloads,
 * traffic, access), several documents to a file, comments among them. The same counts give the same files.
 */
export function writeManifests(folder: string, { manifests, services }: ManifestCounts): WrittenManifests {
  const apps = Math.max(1, Math.floor(services / servicesPerApp));
  let documents = 0;
  let files = 0;
  let bytes = 0;
  let inFirst = 0;
  for (let index = 0; index < apps; index += 1) {
    const namespace = namespaceOf(index);
    const target = join(folder, namespace);
    mkdirSync(target, { recursive: true });
    const count = Math.floor(((index + 1) * manifests) / apps) - documents;
    for (const [kind, texts] of Object.entries(appDocuments(index, apps, namespaceOf, count))) {
      const text = `# ${kind} of app ${index}\n${texts.join('---\n')}`;
      writeFileSync(join(target, `app-${index}-${kind}.yaml`), text);
      documents += texts.length;
      if (namespace === namespaceOf(0)) inFirst += texts.length;
      files += 1;
      bytes += text.length;
    }
  }
  return {
    documents,
    files,
    bytes,
    oneFile: join(folder, namespaceOf(0), 'app-0-access.yaml'),
    oneNamespace: { folder: join(folder, namespaceOf(0)), documents: inFirst },
    question: { from: `${namespaceOf(1)}/app-1-v1`, to: `app-0.${namespaceOf(0)}:8080`, path: '/orders/17' },
  };
}

function namespaceOf(app: number): string {
  return `team-${Math.floor(app / appsPerNamespace)}`;
}
