import { type Expression, parseExpression } from './expression.ts';

/** A piece of a template. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly value: Expression }
  /** `with` evaluates its body on the value, `range` on each of its items, `if` on what is around it. */
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly value: Expression;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

export interface ParsedTemplate {
  readonly body: readonly TemplateNode[];
  /** What `define` names, for `include`. */
  readonly definitions: ReadonlyMap<string, readonly TemplateNode[]>;
}

type Token = { readonly kind: 'text' | 'action'; readonly text: string };

/**
 * Parses a template of the chart: the part of Go's text/template that the chart uses (output, `if`, `with`, `range`,
 * `define`, comments, trimming). Throws on anything else: the chart ships with this program.
 */
export function parseTemplate(source: string): ParsedTemplate {
  const definitions = new Map<string, readonly TemplateNode[]>();
  const parser = { tokens: tokens(source), position: 0, definitions };
  const body = parseNodes(parser);
  if (parser.position < parser.tokens.length) throw new Error(`"${parser.tokens[parser.position]?.text}" ends nothing`);
  return { body, definitions };
}

const action = /\{\{(-\s)?\s*(\/\*[\s\S]*?\*\/|(?:"(?:[^"\\]|\\.)*"|[^"}]|\}(?!\}))*?)\s*(\s-)?\}\}/g;

function tokens(source: string): readonly Token[] {
  const found: Token[] = [];
  let end = 0;
  let trimNext = false;
  const pushText = (text: string) => {
    if (text !== '') found.push({ kind: 'text', text });
  };
  for (const match of source.matchAll(action)) {
    const [whole, trimBefore, inner = '', trimAfter] = match;
    let text = source.slice(end, match.index);
    if (trimNext) text = text.trimStart();
    pushText(trimBefore === undefined ? text : text.trimEnd());
    if (!inner.startsWith('/*')) found.push({ kind: 'action', text: inner });
    trimNext = trimAfter !== undefined;
    end = match.index + whole.length;
  }
  const rest = source.slice(end);
  pushText(trimNext ? rest.trimStart() : rest);
  return found;
}

interface Parser {
  readonly tokens: readonly Token[];
  position: number;
  readonly definitions: Map<string, readonly TemplateNode[]>;
}

/** Up to `end` or `else`, which stay unread, or to the end of the source. */
function parseNodes(parser: Parser): readonly TemplateNode[] {
  const nodes: TemplateNode[] = [];
  for (;;) {
    const token = parser.tokens[parser.position];
    if (token === undefined) return nodes;
    if (token.kind === 'text') {
      parser.position += 1;
      nodes.push({ kind: 'text', text: token.text });
      continue;
    }
    const [, word = '', rest = ''] = /^(\w*)\s*([\s\S]*)$/.exec(token.text) ?? [];
    if (word === 'end' || word === 'else') return nodes;
    parser.position += 1;
    if (word === 'if' || word === 'with' || word === 'range') nodes.push(parseBlock(parser, word, rest));
    else if (word === 'define') {
      const name = /^"([^"]+)"$/.exec(rest)?.[1];
      if (name === undefined) throw new Error(`"define ${rest}" names nothing`);
      parser.definitions.set(name, parseNodes(parser));
      expectEnd(parser);
    } else nodes.push({ kind: 'output', value: parseExpression(token.text) });
  }
}

function parseBlock(parser: Parser, kind: 'if' | 'with' | 'range', condition: string): TemplateNode {
  const value = parseExpression(condition);
  const body = parseNodes(parser);
  const next = parser.tokens[parser.position]?.text ?? '';
  if (!next.startsWith('else')) {
    expectEnd(parser);
    return { kind, value, body, otherwise: [] };
  }
  parser.position += 1;
  const [, condition2] = /^else\s+if\s+([\s\S]+)$/.exec(next) ?? [];
  if (condition2 !== undefined) return { kind, value, body, otherwise: [parseBlock(parser, 'if', condition2)] };
  const otherwise = parseNodes(parser);
  expectEnd(parser);
  return { kind, value, body, otherwise };
}

function expectEnd(parser: Parser): void {
  const token = parser.tokens[parser.position];
  if (token?.kind !== 'action' || token.text !== 'end') throw new Error('an "end" is missing');
  parser.position += 1;
}
