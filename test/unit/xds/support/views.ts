import { createView, resourceVersion, type View, type XdsResource } from '../../../../src/xds/view.ts';

/** `TYPE/NAME@CONTENT`. */
export function resource(text: string): XdsResource {
  const [, typeUrl = '', name = '', content = ''] = /^(.*)\/(.*?)@(.*)$/.exec(text) ?? [];
  const body = Buffer.from(content);
  return { typeUrl, name, version: resourceVersion(body), body };
}

export const version = (content: string) => resourceVersion(Buffer.from(content));

export function viewOf(...texts: readonly string[]): View {
  return createView(texts.map(resource));
}

/** Makes the view hold exactly these, by what differs. */
export function change(view: View, types: readonly string[], ...texts: readonly string[]): void {
  const set = texts.map(resource);
  const kept = new Set(set.map(({ typeUrl, name }) => `${typeUrl}/${name}`));
  const removed = types.flatMap((typeUrl) => view.list(typeUrl).filter(({ name }) => !kept.has(`${typeUrl}/${name}`)));
  view.update({ set, removed });
}
