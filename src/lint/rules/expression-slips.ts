import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { literalText, type Piece, piecesOf } from '../expression.ts';
import { fieldOf, type LintSubject } from '../subject.ts';

/** Headers whose value is seldom a single word. */
const longHeaders = new Set(['user-agent', 'cookie', 'accept']);
const hostHeaders = new Set(['host', ':authority', 'origin', 'referer', 'x-forwarded-host']);

/** Expressions in which a dot was likely meant as such, and header expressions that were likely meant for a part of the value. */
export function* expressionSlips({ input }: LintSubject): Iterable<Diagnostic> {
  for (const group of input.routeGroups) {
    for (const [position, { pathRegex, headers = {} }] of group.matches.entries()) {
      const path = ['spec', 'matches', position] as const;
      if (pathRegex && hasLooseDot(piecesOf(pathRegex)))
        yield looseDot(pathRegex, fieldOf(group, ...path, 'pathRegex'), 'info');
      for (const [name, expression] of Object.entries(headers)) {
        const pieces = piecesOf(expression);
        const origin = fieldOf(group, ...path, 'headers', name);
        const lower = name.toLowerCase();
        if (hasLooseDot(pieces)) yield looseDot(expression, origin, hostHeaders.has(lower) ? 'warning' : 'info');
        const word = literalText(pieces);
        if (word !== undefined && /^\w+$/.test(word) && longHeaders.has(lower)) {
          const message = `"${expression}" must be the whole value of ${lower}`;
          yield diagnostic('SMI4513', { message, origin, hint: `Write \`.*${expression}.*\`.` });
        }
      }
    }
  }
}

function looseDot(expression: string, origin: Diagnostic['origin'] & object, severity: 'info' | 'warning'): Diagnostic {
  const message = `the dot of "${expression}" matches any character`;
  return diagnostic('SMI4510', { message, origin, severity });
}

function hasLooseDot(pieces: readonly Piece[]): boolean {
  const word = (piece: Piece | undefined) => piece?.kind === 'literal' && !piece.repeated && /^\w$/.test(piece.text);
  return pieces.some(
    ({ kind, repeated }, index) => kind === 'dot' && !repeated && word(pieces[index - 1]) && word(pieces[index + 1]),
  );
}
