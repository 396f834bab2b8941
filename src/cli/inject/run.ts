import type { InjectionConfig } from '../../config/controller/types.ts';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { toFindings } from '../../diagnostics/located.ts';
import { describeObject } from '../../diagnostics/origin.ts';
import { type InjectedDocument, injectDocuments } from '../../injection/documents.ts';
import { skipSentences } from '../../injection/eligibility.ts';
import { defaultInjectionSettings, defaultMeshIdentity, type InjectionSettings } from '../../injection/settings.ts';
import type { DataPlaneKind } from '../../kubernetes/names.ts';
import { type KubernetesVersion, parseKubernetesVersion } from '../../kubernetes/server-version.ts';
import { packageVersion } from '../../lib/package-version.ts';
import { editText } from '../../source/edit/index.ts';
import { readSources } from '../../source/read.ts';
import type { SourceFile } from '../../source/types.ts';
import { readStdin } from '../check-sources.ts';
import { exitCodes } from '../exit-codes.ts';
import { joined, report } from '../manifest-files.ts';
import { printJson } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';

export interface InjectOptions {
  readonly dataPlane: DataPlaneKind;
  readonly nativeSidecars: InjectionConfig['nativeSidecars'];
  readonly kubernetesVersion?: string;
  readonly cni?: true;
  readonly image?: string;
  readonly envoyImage?: string;
  readonly trustDomain?: string;
  readonly output: 'yaml' | 'json';
}

/** Prints manifests with sidecars; returns the exit code. */
export async function injectFiles(paths: readonly string[], options: InjectOptions): Promise<number> {
  const { kubernetesVersion, trustDomain } = options;
  const serverVersion = kubernetesVersion === undefined ? undefined : parseKubernetesVersion(kubernetesVersion);
  if (kubernetesVersion !== undefined && serverVersion === undefined)
    return wrongUse(`"${kubernetesVersion}" is not a version such as 1.28`);
  const sources = readSources(paths, paths.includes('-') ? { stdin: await readStdin() } : {});
  const context = {
    settings: settingsOf(options),
    mesh: { ...defaultMeshIdentity, ...(trustDomain === undefined ? {} : { trustDomain }) },
    ...versionOf(serverVersion),
  };
  const { documents, diagnostics } = injectDocuments(
    sources.files.flatMap((file) => file.documents),
    context,
  );
  const edited = sources.files.map((file) => editedFile(file, documents));
  const all = [...sources.diagnostics, ...diagnostics, ...edited.flatMap((file) => file.diagnostics)];
  report(toFindings(all, sources.locate), sources);
  if (all.some(({ severity }) => severity === 'error')) return exitCodes.findings;
  for (const { document, skipped } of documents) {
    if (skipped === undefined) continue;
    process.stderr.write(`${describeObject(document.key)} stays as it is: it ${skipSentences[skipped]}\n`);
  }
  if (options.output === 'json')
    printJson({ apiVersion: 'v1', kind: 'List', items: documents.map(({ object }) => object) });
  else process.stdout.write(joined(edited.map(({ text }) => text)));
  return exitCodes.fine;
}

function settingsOf({ image, envoyImage, dataPlane, nativeSidecars, cni }: InjectOptions): InjectionSettings {
  const { images } = defaultInjectionSettings;
  return {
    ...defaultInjectionSettings,
    images: { mesh: image ?? `${images.mesh}:${packageVersion()}`, envoy: envoyImage ?? images.envoy },
    dataPlane,
    nativeSidecars,
    cni: cni === true,
  };
}

function versionOf(serverVersion: KubernetesVersion | undefined): { readonly serverVersion?: KubernetesVersion } {
  return serverVersion === undefined ? {} : { serverVersion };
}

interface EditedFile {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The text of a file with the sidecars in it, its comments kept. */
function editedFile({ file, text, documents }: SourceFile, all: readonly InjectedDocument[]): EditedFile {
  const own = new Set(documents);
  const edits = all.filter(({ document, injected }) => injected && own.has(document));
  if (edits.length === 0) return { text, diagnostics: [] };
  const edited = editText(text, edits);
  if (edited.ok) return { text: edited.value, diagnostics: [] };
  const location = { file, line: 1, column: 1 };
  return {
    text,
    diagnostics: [diagnostic('SMI1011', { message: `${file} cannot be edited: ${edited.error}`, location })],
  };
}
