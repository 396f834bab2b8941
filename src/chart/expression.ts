/** What stands between the braces of a template. A pipeline is a call whose last argument is what came before. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  /** `.Values.image.tag` of the dot, or with `root` (`$`) of what the template was given. */
  | { readonly kind: 'field'; readonly root: boolean; readonly path: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] };

const lexeme = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|(\$(?:\.\w+)*|\.(?:\w+(?:\.\w+)*)?)|(\w+)|([()|]))/y;

interface Lexeme {
  readonly kind: 'text' | 'number' | 'field' | 'word' | 'sign';
  readonly text: string;
}

/** Throws when it is not an expression. */
export function parseExpression(source: string): Expression {
  const lexemes = split(source.trim());
  const reader = { lexemes, position: 0 };
  const expression = parsePipeline(reader);
  if (reader.position < lexemes.length) throw new Error(`"${source}" goes on after its end`);
  return expression;
}

function split(source: string): readonly Lexeme[] {
  const found: Lexeme[] = [];
  lexeme.lastIndex = 0;
  while (lexeme.lastIndex < source.length) {
    const at = lexeme.lastIndex;
    const match = lexeme.exec(source);
    if (match === null) throw new Error(`"${source.slice(at)}" is not understood`);
    const index = match.findIndex((group, position) => position > 0 && group !== undefined);
    const kind = (['text', 'number', 'field', 'word', 'sign'] as const)[index - 1] ?? 'sign';
    found.push({ kind, text: match[index] ?? '' });
  }
  return found;
}

interface Reader {
  readonly lexemes: readonly Lexeme[];
  position: number;
}

function parsePipeline(reader: Reader): Expression {
  let value = parseCommand(reader);
  while (reader.lexemes[reader.position]?.text === '|') {
    reader.position += 1;
    const next = parseCommand(reader);
    if (next.kind !== 'call') throw new Error('only a function can take what a pipe brings');
    value = { ...next, arguments: [...next.arguments, value] };
  }
  return value;
}

const constants = new Map([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

function parseCommand(reader: Reader): Expression {
  const first = reader.lexemes[reader.position];
  if (first?.kind !== 'word' || constants.has(first.text)) return parseOperand(reader);
  reader.position += 1;
  const given: Expression[] = [];
  while (startsOperand(reader.lexemes[reader.position])) given.push(parseOperand(reader));
  return { kind: 'call', name: first.text, arguments: given };
}

function startsOperand(one: Lexeme | undefined): boolean {
  return one !== undefined && (one.kind !== 'sign' || one.text === '(');
}

function parseOperand(reader: Reader): Expression {
  const one = reader.lexemes[reader.position];
  reader.position += 1;
  if (one === undefined) throw new Error('an operand is missing');
  switch (one.kind) {
    case 'text':
      return { kind: 'literal', value: JSON.parse(one.text) as string };
    case 'number':
      return { kind: 'literal', value: Number(one.text) };
    case 'field': {
      const root = one.text.startsWith('$');
      return { kind: 'field', root, path: one.text.split('.').filter((name) => name !== '' && name !== '$') };
    }
    case 'word': {
      const constant = constants.get(one.text);
      return constant === undefined
        ? { kind: 'call', name: one.text, arguments: [] }
        : { kind: 'literal', value: constant };
    }
    case 'sign': {
      if (one.text !== '(') throw new Error(`"${one.text}" is no operand`);
      const inner = parsePipeline(reader);
      if (reader.lexemes[reader.position]?.text !== ')') throw new Error('a ")" is missing');
      reader.position += 1;
      return inner;
    }
  }
}
