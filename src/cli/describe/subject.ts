import { err, ok, type Result } from '../../lib/result.ts';
import { closest } from '../../lib/suggest.ts';
import type { SourceDocument } from '../../source/types.ts';

/** `KIND/NAME` in a namespace, or `KIND/NAMESPACE/NAME`; kinds as kubectl takes them, but for short names. */
export function findSubject(
  documents: readonly SourceDocument[],
  text: string,
  namespace: string,
): Result<SourceDocument, string> {
  const parts = text.split('/');
  const [kind = '', ...rest] = parts;
  if (rest.length < 1 || rest.length > 2 || parts.includes('')) {
    return err(`"${text}" names no object; write KIND/NAME or KIND/NAMESPACE/NAME`);
  }
  const name = rest.at(-1) ?? '';
  const where = rest.length === 2 ? (rest[0] ?? '') : namespace;
  const sameKind = documents.filter((document) => namesKind(kind, document.kind));
  const found = sameKind.find(({ key }) => key.endsWith(`/${where}/${name}`) || key.endsWith(`//${name}`));
  if (found !== undefined) return ok(found);
  if (sameKind.length === 0) return err(`the cluster has no object of kind ${kind} that the mesh knows`);
  const names = sameKind.map(({ key }) => key.split('/').slice(2).join('/'));
  const near = closest(`${where}/${name}`, names);
  return err(`there is no ${sameKind[0]?.kind} ${where}/${name}${near === undefined ? '' : `; did you mean ${near}?`}`);
}

function namesKind(written: string, kind: string): boolean {
  const [one, other] = [written.toLowerCase(), kind.toLowerCase()];
  return one === other || one === `${other}s` || one === `${other.replace(/y$/, 'ie')}s`;
}
