import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../lib/package-root.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { parseYaml } from '../source/yaml.ts';
import { evaluateTemplate } from './evaluate.ts';
import { type ParsedTemplate, parseTemplate } from './parse-template.ts';
import { overlaid, valueFaults } from './values.ts';

/** What Helm calls a release. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
  /** Value of the label `app.kubernetes.io/managed-by`: what puts the objects there. */
  readonly service: string;
}

/** One object of a rendered chart. */
export interface RenderedObject {
  readonly object: Fields;
  /** Its YAML, with the template's comments. */
  readonly text: string;
}

/** The chart that ships with this program: what Helm and `smi-cli install` both render. */
export interface Chart {
  readonly version: string;
  readonly defaults: Fields;
  readonly schema: Fields;
  /** The objects, hooks of Helm left out, in the order in which they can be applied; or what is wrong with the values. */
  render(release: Release, ...values: readonly Fields[]): Result<readonly RenderedObject[], readonly string[]>;
}

const chartFolder = (): string => join(packageRoot(), 'deploy', 'chart', 'smi-mesh');

export function readChart(folder: string = chartFolder()): Chart {
  const about = yamlFile(join(folder, 'Chart.yaml'));
  const defaults = yamlFile(join(folder, 'values.yaml'));
  const schema = JSON.parse(readFileSync(join(folder, 'values.schema.json'), 'utf8')) as Fields;
  const chart = { Name: about.name, Version: about.version, AppVersion: about.appVersion };
  return {
    version: String(about.version),
    defaults,
    schema,
    render: ({ name, namespace, service }, ...values) => {
      const wanted = overlaid(defaults, ...values);
      const faults = valueFaults(schema, wanted);
      if (faults.length > 0) return err(faults);
      const release = { Name: name, Namespace: namespace, Service: service };
      return ok(renderAll(join(folder, 'templates'), { Values: wanted, Release: release, Chart: chart }));
    },
  };
}

function renderAll(folder: string, data: Fields): readonly RenderedObject[] {
  const names = readdirSync(folder).filter((name) => /\.(yaml|tpl)$/.test(name));
  const parsed = names.sort().map((name) => [name, parsedFile(join(folder, name))] as const);
  const definitions = new Map(parsed.flatMap(([, template]) => [...template.definitions]));
  const objects = parsed
    .filter(([name]) => name.endsWith('.yaml'))
    .flatMap(([name, { body }]) => within(name, () => documents(evaluateTemplate(body, data, definitions))));
  return objects.filter(({ object }) => !isHook(object)).toSorted((one, other) => rank(one) - rank(other));
}

function parsedFile(path: string): ParsedTemplate {
  return within(path, () => parseTemplate(readFileSync(path, 'utf8')));
}

function within<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`template ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function documents(text: string): readonly RenderedObject[] {
  return text.split(/^---$/m).flatMap((part) => {
    const parsed = parseYaml(part);
    if (!parsed.ok) throw new Error(`${parsed.error.reason} in\n${part}`);
    const [object] = parsed.value;
    return isRecord(object) ? [{ object, text: `${part.trim()}\n` }] : [];
  });
}

function isHook({ metadata }: Fields): boolean {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  return isRecord(annotations) && 'helm.sh/hook' in annotations;
}

/** What others refer to comes first; pods and what governs them last. */
const order = [
  'Namespace',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'ConfigMap',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Service',
  'DaemonSet',
  'Deployment',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
];

function rank({ object }: RenderedObject): number {
  const found = order.indexOf(String(object.kind));
  return found === -1 ? order.length : found;
}

function yamlFile(path: string): Fields {
  const parsed = parseYaml(readFileSync(path, 'utf8'));
  const [value] = parsed.ok ? parsed.value : [];
  if (!isRecord(value)) throw new Error(`${path} holds no mapping`);
  return value;
}
