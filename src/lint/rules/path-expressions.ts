import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Comparison } from '../cover.ts';
import { branchesOf, literalText, type Piece, piecesOf } from '../expression.ts';
import { anchored } from '../http-match.ts';
import { fieldOf, type LintSubject } from '../subject.ts';

const wordCharacter = /^[\w-]$/;

/** Path expressions that match nothing, or end where a longer word may go on. */
export function* pathExpressions({ input, pathRegexMode }: LintSubject, comparison: Comparison): Iterable<Diagnostic> {
  for (const group of input.routeGroups) {
    const mode = pathRegexMode(group.meta.namespace);
    for (const [position, { pathRegex }] of group.matches.entries()) {
      if (!pathRegex) continue;
      const origin = fieldOf(group, 'spec', 'matches', position, 'pathRegex');
      if (comparison.matchesNoPath(anchored(pathRegex, mode))) {
        yield diagnostic('SMI4511', { message: `no path matches "${pathRegex}"`, origin, ...whyNot(pathRegex) });
      } else if (mode === 'spec') {
        const longer = branchesOf(piecesOf(pathRegex))
          .map(openEnd)
          .find((end) => end !== undefined);
        if (longer !== undefined)
          yield diagnostic('SMI4512', { message: `"${pathRegex}" also matches ${longer}`, origin });
      }
    }
  }
}

function whyNot(pathRegex: string): { readonly hint?: string } {
  const text = literalText(piecesOf(pathRegex));
  if (text !== undefined && !text.startsWith('/'))
    return { hint: `Write \`/${pathRegex}\`, or \`.*${pathRegex}\` for any place in the path.` };
  return /\\\?|\[\?\]/.test(pathRegex)
    ? { hint: 'Leave the query out: expressions are matched on the path alone.' }
    : {};
}

/** What else a branch matches that ends in the middle of a word. */
function openEnd(branch: readonly Piece[]): string | undefined {
  const last = branch.at(-1);
  if (last?.kind !== 'literal' || last.repeated || !wordCharacter.test(last.text)) return undefined;
  const text = literalText(branch);
  return text === undefined ? 'paths in which the last word goes on' : `${text}${/\d$/.test(text) ? '0' : '2'}`;
}
