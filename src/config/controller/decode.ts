import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { objectKey } from '../../diagnostics/origin.ts';
import { type Field, fieldOf, portNumbers } from '../../kubernetes/field.ts';
import { dataPlaneKinds, systemNames, systemNamespace } from '../../kubernetes/names.ts';
import { parseDuration } from '../../lib/duration.ts';
import { formatFieldPath } from '../../lib/field-path.ts';
import { isHttpUrl } from '../../lib/http-url.ts';
import { type IpRange, parseIpRange } from '../../lib/ip-range.ts';
import { parseQuantity } from '../../lib/quantity.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { isTrustDomain } from '../../lib/spiffe.ts';
import { closest } from '../../lib/suggest.ts';
import { isRecord } from '../../lib/values.ts';
import {
  type AuthorityConfig,
  type ControllerConfig,
  certificateSources,
  failurePolicies,
  type InjectionConfig,
  latencyUnits,
  logLevels,
  nativeSidecarModes,
  type TrafficSourceConfig,
} from './types.ts';

const configKey = objectKey('', 'ConfigMap', systemNamespace, systemNames.config);
const day = 86_400_000;
const shortestLifetime = 60_000;
const longestLifetime = 30 * day;

/** The fields of each part, in the order of the documentation. */
const fields: Readonly<Record<string, readonly string[]>> = {
  '': ['trustDomain', 'clusterDomain', 'svidLifetime', 'ca', 'webhooks', 'injection', 'crds', 'trafficMetrics', 'log'],
  ca: ['kind', 'issuer', 'directory'],
  'ca.issuer': ['name', 'kind', 'group'],
  webhooks: ['certificates', 'validationFailurePolicy', 'injectionFailurePolicy'],
  injection: ['dataPlane', 'images', 'resources', 'nativeSidecars', 'cni', 'exclude'],
  'injection.images': ['mesh', 'envoy', 'pullPolicy'],
  'injection.resources': ['cpuRequest', 'memoryRequest', 'cpuLimit', 'memoryLimit'],
  'injection.exclude': ['inboundPorts', 'outboundPorts', 'outboundRanges', 'uids'],
  crds: ['manage'],
  trafficMetrics: ['api', 'latencyUnit', 'source', 'prometheus'],
  'trafficMetrics.prometheus': ['url', 'tokenFile', 'caFile'],
  log: ['level'],
};

/**
 * Reads the settings of the controller; an empty document is all defaults. A field that is not known is an error: a
 * setting that is misspelt and ignored could leave the mesh wider open than its author thinks.
 */
export function decodeControllerConfig(value: unknown): Result<ControllerConfig, readonly Diagnostic[]> {
  const diagnostics: Diagnostic[] = [...unknownFields(value, '')];
  const root = fieldOf(configKey, value, diagnostics);
  const wrong: WrongField = (path, message, hint) => {
    diagnostics.push(
      diagnostic('SMI2012', { message: `${path} ${message}`, origin: { object: configKey, path }, hint }),
    );
  };
  const webhooks = root.at('webhooks');
  const config: ControllerConfig = {
    trustDomain: trustDomainOf(root.at('trustDomain'), wrong),
    clusterDomain: root.at('clusterDomain').text() ?? 'cluster.local',
    svidLifetimeSeconds: lifetimeOf(root.at('svidLifetime'), wrong) / 1_000,
    ca: authorityOf(root.at('ca')),
    webhooks: {
      certificates: webhooks.at('certificates').oneOf(certificateSources) ?? 'self',
      validationFailurePolicy: webhooks.at('validationFailurePolicy').oneOf(failurePolicies) ?? 'Ignore',
      injectionFailurePolicy: webhooks.at('injectionFailurePolicy').oneOf(failurePolicies) ?? 'Fail',
    },
    injection: injectionOf(root.at('injection'), wrong),
    crds: { manage: root.at('crds').at('manage').flag() ?? true },
    trafficMetrics: {
      api: root.at('trafficMetrics').at('api').flag() ?? false,
      latencyUnit: root.at('trafficMetrics').at('latencyUnit').oneOf(latencyUnits) ?? 'seconds',
      source: trafficSourceOf(root.at('trafficMetrics'), wrong),
    },
    log: { level: root.at('log').at('level').oneOf(logLevels) ?? 'info' },
  };
  return diagnostics.length > 0 ? err(diagnostics) : ok(config);
}

type WrongField = (path: string, message: string, hint: string) => void;

function trustDomainOf(field: Field, wrong: WrongField): string {
  const name = field.text() ?? 'cluster.local';
  if (!isTrustDomain(name))
    wrong('trustDomain', 'is not the name of a trust domain', 'Use a name such as mesh.example.');
  return name;
}

function lifetimeOf(field: Field, wrong: WrongField): number {
  const text = field.text();
  if (text === undefined) return day;
  const millis = parseDuration(text);
  if (millis !== undefined && millis >= shortestLifetime && millis <= longestLifetime) return millis;
  wrong('svidLifetime', 'is no time from 1m to 720h', 'Write it as 24h or 90m.');
  return day;
}

function authorityOf(field: Field): AuthorityConfig {
  const kind = field.at('kind').oneOf(['secret', 'cert-manager', 'files'] as const) ?? 'secret';
  if (kind === 'files') return { kind, directory: needed(field.at('directory')) };
  if (kind === 'secret') return { kind };
  const issuer = field.at('issuer');
  return {
    kind,
    issuer: {
      name: needed(issuer.at('name')),
      kind: issuer.at('kind').text() ?? 'ClusterIssuer',
      group: issuer.at('group').text() ?? 'cert-manager.io',
    },
  };
}

function trafficSourceOf(field: Field, wrong: WrongField): TrafficSourceConfig {
  const kind = field.at('source').oneOf(['collector', 'prometheus'] as const) ?? 'collector';
  const prometheus = field.at('prometheus');
  const url = kind === 'prometheus' ? needed(prometheus.at('url')) : prometheus.at('url').text();
  const [tokenFile, caFile] = [prometheus.at('tokenFile').text(), prometheus.at('caFile').text()];
  if (url !== undefined && url !== '' && !isHttpUrl(url))
    wrong('trafficMetrics.prometheus.url', `is ${JSON.stringify(url)}`, 'Write http://HOST:PORT or https://HOST/PATH.');
  if (kind === 'collector') return { kind };
  return {
    kind,
    url: url ?? '',
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(caFile === undefined ? {} : { caFile }),
  };
}

function needed(field: Field): string {
  if (!field.present) field.missing();
  return field.text() ?? '';
}

function injectionOf(field: Field, wrong: WrongField): InjectionConfig {
  const images = field.at('images');
  const resources = field.at('resources');
  const exclude = field.at('exclude');
  const quantity = (name: string) => quantityOf(resources.at(name), `injection.resources.${name}`, wrong);
  const cpuLimit = quantity('cpuLimit');
  const memoryLimit = quantity('memoryLimit');
  return {
    dataPlane: field.at('dataPlane').oneOf(dataPlaneKinds) ?? 'proxy',
    images: {
      mesh: images.at('mesh').text() ?? 'smi-mesh:latest',
      envoy: images.at('envoy').text() ?? 'envoyproxy/envoy:distroless-v1.36-latest',
      pullPolicy: images.at('pullPolicy').oneOf(['Always', 'IfNotPresent', 'Never'] as const) ?? 'IfNotPresent',
    },
    resources: {
      cpuRequest: quantity('cpuRequest') ?? '50m',
      memoryRequest: quantity('memoryRequest') ?? '96Mi',
      ...(cpuLimit === undefined ? {} : { cpuLimit }),
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
    },
    nativeSidecars: field.at('nativeSidecars').oneOf(nativeSidecarModes) ?? 'auto',
    cni: field.at('cni').flag() ?? false,
    exclude: {
      inboundPorts: numbers(exclude.at('inboundPorts'), portNumbers),
      outboundPorts: numbers(exclude.at('outboundPorts'), portNumbers),
      outboundRanges: rangesOf(exclude.at('outboundRanges'), wrong),
      uids: numbers(exclude.at('uids'), [0, 2 ** 31 - 1]),
    },
  };
}

function rangesOf(field: Field, wrong: WrongField): readonly IpRange[] {
  return field.texts().flatMap((text) => {
    const range = parseIpRange(text);
    if (range !== undefined) return range;
    const message = `has ${JSON.stringify(text)}, which is no range of addresses`;
    wrong('injection.exclude.outboundRanges', message, 'Write ranges such as 10.0.0.0/8, or addresses.');
    return [];
  });
}

function quantityOf(field: Field, path: string, wrong: WrongField): string | undefined {
  const text = field.text();
  if (text !== undefined && !parseQuantity(text).ok)
    wrong(path, `is ${JSON.stringify(text)}, which is no quantity`, 'Write it as 100m, 0.5 or 128Mi.');
  return text;
}

function numbers(field: Field, [minimum, maximum]: readonly [number, number]): readonly number[] {
  return field.items().flatMap((item) => item.integer(minimum, maximum) ?? []);
}

function unknownFields(value: unknown, path: string): readonly Diagnostic[] {
  const known = fields[path];
  if (!isRecord(value) || known === undefined) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = formatFieldPath(path === '' ? [name] : [...path.split('.'), name]);
    if (known.includes(name)) return unknownFields(inner, here);
    const near = closest(name, known);
    return diagnostic('SMI2008', {
      severity: 'error',
      message: `the settings of the controller have no field ${here}`,
      origin: { object: configKey, path: here, mark: 'key' },
      hint: near === undefined ? `Use one of ${known.join(', ')}.` : `Did you mean ${near}?`,
    });
  });
}
