import { systemNames } from '../../kubernetes/names.ts';
import { converterOf, type Definition, definitionLacks, readDefinitions, unreadableVersions } from '../definitions.ts';
import { at, labelsOf } from '../kinds.ts';
import { type Check, type CheckContext, type CheckResult, notRead, reporter } from './result.ts';

const report = reporter('definitions');

/** Before installing: whether the definitions that are there can become ours. */
export const checkForeignDefinitions: Check = async ({ connection, namespace }) => {
  const definitions = await readDefinitions(connection);
  if (!definitions.ok) return notRead(report, definitions.error);
  const results = definitions.value.flatMap((definition) => foreign(definition, namespace));
  return results.length > 0 ? results : [report.ok('no other implementation of SMI is in the way')];
};

function foreign(definition: Definition, namespace: string): readonly CheckResult[] {
  const { name, live } = definition;
  if (live === undefined) return [];
  const unreadable = unreadableVersions(definition);
  if (unreadable.length > 0) {
    const message = `${name} is stored in ${unreadable.join(', ')}, which this release cannot read`;
    return [report.error(message, 'Use the release that wrote it, or a newer one.')];
  }
  if (labelsOf(live)['app.kubernetes.io/part-of'] === 'smi-mesh') return [];
  const converter = converterOf(live);
  if (converter !== undefined && converter !== `${namespace}/${systemNames.webhook}`) {
    const message = `${name} belongs to another implementation, which converts its versions at ${converter}`;
    return [report.error(message, 'Uninstall that one first, and keep its definitions.')];
  }
  const owner = at(live, 'metadata', 'annotations', 'meta.helm.sh/release-name');
  if (owner === undefined) return [report.warning(`${name} is there already; its versions become those of smi-mesh`)];
  const message = `${name} belongs to the Helm release ${owner}, whose removal deletes it and all its objects`;
  return [report.warning(message, 'Annotate it with helm.sh/resource-policy=keep in that release first.')];
}

/** After installing. */
export const checkDefinitions: Check = async ({ connection, namespace }: CheckContext) => {
  const definitions = await readDefinitions(connection);
  if (!definitions.ok) return notRead(report, definitions.error);
  const results = definitions.value.flatMap((definition) => ours(definition, namespace));
  return results.length > 0
    ? results
    : [report.ok(`${definitions.value.length} kinds are served in all their versions`)];
};

function ours(definition: Definition, namespace: string): readonly CheckResult[] {
  const { name, live } = definition;
  const lacks = definitionLacks(definition);
  if (lacks !== undefined) {
    return [report.error(`${name}: ${lacks}`, 'The leader of the controller applies it; its log says what hinders.')];
  }
  const converter = live === undefined ? undefined : converterOf(live);
  if (converter === undefined || !/^[\w.-]+\/[\w.-]+$/.test(converter)) return [];
  if (converter === `${namespace}/${systemNames.webhook}`) return [];
  return [report.error(`${name}: its versions are converted at ${converter}`, 'Let only one implementation own it.')];
}
