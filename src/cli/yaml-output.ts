import { dump } from 'js-yaml';

/** Writes a value as one YAML document, without anchors. */
export function printYaml(value: unknown): void {
  process.stdout.write(dump(value, { noRefs: true, lineWidth: 120 }));
}
