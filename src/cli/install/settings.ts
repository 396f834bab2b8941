import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '../../lib/result.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { parseYaml } from '../../source/yaml.ts';

/** The options of `install` and `upgrade` that are settings. */
export interface SettingOptions {
  readonly namespace: string;
  /** Files with values of the chart, the last wins. */
  readonly values: readonly string[];
  readonly image?: string;
  readonly envoyImage?: string;
  readonly replicas?: number;
  /** `false`: one replica. */
  readonly ha: boolean;
  readonly trustDomain?: string;
  readonly dataPlane?: string;
  readonly cni?: true;
  readonly certManager?: true;
}

/** The values of the chart that a command line means, without the chart's own; or what is wrong with it. */
export function valuesOf(options: SettingOptions): Result<readonly Fields[], string> {
  const files: Fields[] = [];
  for (const file of options.values) {
    const read = readValues(file);
    if (!read.ok) return read;
    files.push(read.value);
  }
  const { image, envoyImage, trustDomain, dataPlane, cni, certManager, ha } = options;
  const replicas = options.replicas ?? (ha ? undefined : 1);
  const flags = withoutUndefined({
    image: image === undefined ? undefined : imageOf(image),
    envoyImage: envoyImage === undefined ? undefined : imageOf(envoyImage),
    controller: withoutUndefined({ replicas }),
    cni: withoutUndefined({ enabled: cni }),
    certManager: withoutUndefined({ enabled: certManager }),
    config: withoutUndefined({ trustDomain, injection: withoutUndefined({ dataPlane }) }),
  });
  return ok([...files, ...(flags === undefined ? [] : [flags])]);
}

function readValues(file: string): Result<Fields, string> {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    return err(`the values cannot be read: ${(error as Error).message}`);
  }
  const parsed = parseYaml(text);
  if (!parsed.ok) return err(`${file}: ${parsed.error.reason}`);
  const [value = {}] = parsed.value;
  return isRecord(value) ? ok(value) : err(`${file} holds no mapping`);
}

/** `undefined` when nothing is left. */
function withoutUndefined(fields: Fields): Fields | undefined {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** `REPOSITORY[:TAG][@DIGEST]`; a colon before the last slash is a port of the registry. What is not said stays. */
export function imageOf(reference: string): Fields {
  const [name = '', digest] = reference.split('@', 2);
  const colon = name.lastIndexOf(':');
  const tagged = colon > name.lastIndexOf('/');
  return {
    repository: tagged ? name.slice(0, colon) : name,
    ...(tagged ? { tag: name.slice(colon + 1), digest: '' } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}
