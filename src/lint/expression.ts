/** A piece of an RE2 expression, as far as lints tell pieces apart. */
export interface Piece {
  readonly kind: 'literal' | 'dot' | 'open' | 'close' | 'or' | 'anchor' | 'flags' | 'other';
  /** As written; for a literal the character that it stands for. */
  readonly text: string;
  /** Nesting in groups. */
  readonly depth: number;
  /** Whether a repetition follows. */
  readonly repeated: boolean;
}

const shapes: readonly (readonly [Piece['kind'], RegExp])[] = [
  ['anchor', /\^|\$|\\[AzbB]/y],
  ['flags', /\(\?[a-zA-Z-]+\)/y],
  ['open', /\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?/y],
  ['close', /\)/y],
  ['or', /\|/y],
  ['dot', /\./y],
  [
    'other',
    /\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\\[pP](?:\{\^?\w+\}|\w)|\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[0-9a-zA-Z]/y,
  ],
  ['literal', /\\?[\s\S]/y],
];
const repetition = /[*+?]\??|\{\d+(?:,\d*)?\}\??/y;

/** The pieces of an expression that compiles, in order. */
export function piecesOf(expression: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let depth = 0;
  for (let at = 0; at < expression.length; ) {
    const quoted = quotedAt(expression, at);
    if (quoted !== undefined) {
      at = quoted.end;
      const repeated = repetitionAt(expression, at);
      at += repeated.length;
      for (const text of quoted.characters) pieces.push({ kind: 'literal', text, depth, repeated: false });
      if (repeated !== '') repeatLast(pieces);
      continue;
    }
    const { kind, text } = pieceAt(expression, at);
    at += text.length;
    const repeated = kind === 'open' ? '' : repetitionAt(expression, at);
    at += repeated.length;
    if (kind === 'close') depth -= 1;
    if (repeated !== '' && kind === 'flags') repeatLast(pieces);
    pieces.push({ kind, text: kind === 'literal' ? text.slice(-1) : text, depth, repeated: repeated !== '' });
    if (kind === 'open') depth += 1;
  }
  return pieces;
}

/** A repetition is of the last piece, even behind an empty quotation or flags. */
function repeatLast(pieces: Piece[]): void {
  const last = pieces.pop();
  if (last !== undefined) pieces.push({ ...last, repeated: true });
}

/** The characters between `\Q` and `\E`, which stand for themselves. */
function quotedAt(
  expression: string,
  at: number,
): { readonly characters: readonly string[]; readonly end: number } | undefined {
  if (!expression.startsWith('\\Q', at)) return undefined;
  const end = expression.indexOf('\\E', at + 2);
  const characters = [...expression.slice(at + 2, end < 0 ? undefined : end)];
  return { characters, end: end < 0 ? expression.length : end + 2 };
}

function repetitionAt(expression: string, at: number): string {
  repetition.lastIndex = at;
  return repetition.exec(expression)?.[0] ?? '';
}

function pieceAt(expression: string, at: number): Pick<Piece, 'kind' | 'text'> {
  for (const [kind, shape] of shapes) {
    shape.lastIndex = at;
    const text = shape.exec(expression)?.[0];
    if (text !== undefined) return { kind, text };
  }
  return { kind: 'literal', text: expression.charAt(at) };
}

/** The alternatives of an expression at its outermost level. */
export function branchesOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const branches: Piece[][] = [[]];
  for (const piece of pieces) {
    if (piece.kind === 'or' && piece.depth === 0) branches.push([]);
    else branches.at(-1)?.push(piece);
  }
  return branches;
}

/** The text of pieces that are a literal and nothing else. */
export function literalText(pieces: readonly Piece[]): string | undefined {
  if (pieces.some(({ kind, repeated }) => kind !== 'literal' || repeated)) return undefined;
  return pieces.map(({ text }) => text).join('');
}

/** The literal text that everything which an expression matches begins with; empty when there is none. */
export function literalPrefix(pieces: readonly Piece[]): string {
  if (branchesOf(pieces).length > 1) return '';
  const end = pieces.findIndex(({ kind, repeated }) => kind !== 'literal' || repeated);
  return pieces
    .slice(0, end < 0 ? undefined : end)
    .map(({ text }) => text)
    .join('');
}
