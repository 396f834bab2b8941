import type { SourceDocument } from '../source/types.ts';
import type { Field } from './field.ts';
import type { ObjectMeta } from './types.ts';

/** RFC 1123 names as Kubernetes restricts them. */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Reports a field whose text is not a name of the sort that its kind may have. */
export function checkName(field: Field, name: string, sort: 'label' | 'subdomain'): void {
  if ((sort === 'label' ? label : subdomain).test(name)) return;
  const dots = sort === 'label' ? '' : ' and `.`';
  field.badName(`lower-case letters, digits, \`-\`${dots}, at most ${sort === 'label' ? 63 : 253} of them`);
}

/** `metadata` of an object; `sort` says which names its kind may have. */
export function decodeMeta(document: SourceDocument, root: Field, sort: 'label' | 'subdomain'): ObjectMeta {
  const field = root.at('metadata');
  const name = field.at('name').text() ?? '';
  const namespace = field.at('namespace').text() ?? 'default';
  checkName(field.at('name'), name, sort);
  if (!label.test(namespace)) field.at('namespace').badName('lower-case letters, digits and `-`, at most 63 of them');
  const created = field.at('creationTimestamp').text();
  return {
    key: document.key,
    namespace,
    name,
    labels: field.at('labels').textMap(),
    annotations: field.at('annotations').textMap(),
    ...(created === undefined ? {} : { creationTimestamp: created }),
    owners: field
      .at('ownerReferences')
      .items()
      .map((owner) => {
        const uid = owner.at('uid').text();
        return {
          kind: owner.at('kind').text() ?? '',
          name: owner.at('name').text() ?? '',
          ...(uid === undefined ? {} : { uid }),
        };
      }),
  };
}
