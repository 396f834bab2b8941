import ts from 'typescript';

/** One small fault that can be put into a source file: what stands in the place of a piece of its text. */
export interface Mutation {
  readonly start: number;
  readonly end: number;
  readonly kind: 'expression' | 'statement';
  readonly line: number;
  /** The function that it is in, and the part of it that is about the same. */
  readonly within: string;
  readonly about: string;
  readonly operator: string;
  readonly before: string;
  /** Nothing of a statement. */
  readonly after: string;
}

const shownLength = 90;

/** Every fault that the operators know for a source file, in the order of the text. */
export function mutationsOf(file: string, text: string): readonly Mutation[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Mutation[] = [];
  const add = (node: ts.Node, operator: string, after: string, kind: Mutation['kind'] = 'expression') => {
    const start = node.getStart(source);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    const before = shown(node.getText(source));
    const [within, about] = [functionOf(node), sentenceOf(node, source)];
    found.push({ start, end: node.getEnd(), kind, line, within, about, operator, before, after });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (!ts.isSourceFile(node)) for (const operator of operators) operator(node, source, add);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.sort((one, other) => one.start - other.start || other.end - one.end);
}

function functionOf(node: ts.Node): string {
  for (let at = node; !ts.isSourceFile(at); at = at.parent) {
    if (ts.isFunctionDeclaration(at) || ts.isMethodDeclaration(at)) return at.name?.getText() ?? '';
    if (ts.isPropertyAssignment(at) && ts.isArrowFunction(at.initializer)) return at.name.getText();
  }
  return '';
}

/** The statement around it; of one that has others in it, its head. */
function sentenceOf(node: ts.Node, source: ts.SourceFile): string {
  for (let at = node; !ts.isSourceFile(at); at = at.parent) {
    const { parent } = at;
    if (ts.isIfStatement(parent) && parent.expression === at) return at.getText(source);
    if (ts.isPropertyAssignment(at) || ts.isSpreadAssignment(at)) return at.getText(source);
    if (ts.isStatement(at) && !ts.isBlock(at))
      return ts.isIfStatement(at) ? at.expression.getText(source) : at.getText(source);
  }
  return node.getText(source);
}

function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= shownLength ? line : `${line.slice(0, shownLength)}...`;
}

type Add = (node: ts.Node, operator: string, after: string, kind?: Mutation['kind']) => void;
type Operator = (node: ts.Node, source: ts.SourceFile, add: Add) => void;

const swapped: Readonly<Partial<Record<ts.SyntaxKind, readonly [operator: string, text: string]>>> = {
  [ts.SyntaxKind.LessThanToken]: ['boundary', '<='],
  [ts.SyntaxKind.LessThanEqualsToken]: ['boundary', '<'],
  [ts.SyntaxKind.GreaterThanToken]: ['boundary', '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken]: ['boundary', '>'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: ['equality', '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: ['equality', '==='],
  [ts.SyntaxKind.AmpersandAmpersandToken]: ['connective', '||'],
  [ts.SyntaxKind.BarBarToken]: ['connective', '&&'],
  [ts.SyntaxKind.MinusToken]: ['arithmetic', '+'],
  [ts.SyntaxKind.AsteriskToken]: ['arithmetic', '/'],
};

const methods: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  find: 'findLast',
  findIndex: 'findLastIndex',
  min: 'max',
  max: 'min',
  startsWith: 'endsWith',
};

const operators: readonly Operator[] = [
  (node, source, add) => {
    const condition = ts.isIfStatement(node)
      ? node.expression
      : ts.isConditionalExpression(node)
        ? node.condition
        : undefined;
    if (condition !== undefined && !isEquality(condition))
      add(condition, 'negated condition', `!(${condition.getText(source)})`);
  },
  (node, source, add) => {
    if (!ts.isBinaryExpression(node)) return;
    const swap = swapped[node.operatorToken.kind];
    if (swap === undefined) return;
    add(node, swap[0], `${node.left.getText(source)} ${swap[1]} ${node.right.getText(source)}`);
  },
  (node, source, add) => {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const { expression, name } = node.expression;
    const other = Object.hasOwn(methods, name.text) ? methods[name.text] : undefined;
    const args = node.arguments.map((argument) => argument.getText(source)).join(', ');
    const object = expression.getText(source);
    if (other !== undefined) add(node, 'method', `${object}.${other}(${args})`);
    else if (name.text === 'filter') add(node, 'filter', `${object}.filter(() => true)`);
  },
  (node, _, add) => {
    if (isName(node)) return;
    if (ts.isNumericLiteral(node)) add(node, 'constant', String(Number(node.text) + 1));
    else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'constant', 'false');
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'constant', 'true');
    // Elsewhere a word often says only what nobody asks.
    else if (ts.isStringLiteral(node) && isCompared(node)) add(node, 'constant', "'mutant'");
  },
  (node, source, add) => {
    if (!ts.isReturnStatement(node) || node.expression === undefined || !isPredicate(node.expression)) return;
    add(node.expression, 'returned boolean', `!(${node.expression.getText(source)})`);
  },
  (node, source, add) => {
    if (!ts.isArrowFunction(node) || ts.isBlock(node.body) || !isPredicate(node.body)) return;
    add(node.body, 'returned boolean', `!(${node.body.getText(source)})`);
  },
  (node, _, add) => {
    if (ts.isExpressionStatement(node)) add(node, 'removed statement', '', 'statement');
  },
  (node, _, add) => {
    const filled = ts.isArrayLiteralExpression(node) && node.elements.length > 0;
    if (filled && !ts.isBindingElement(node.parent) && !isAssigned(node)) add(node, 'emptied list', '[]');
  },
];

/** Which has a fault of its own that is the same. */
function isEquality(node: ts.Expression): boolean {
  return ts.isBinaryExpression(node) && swapped[node.operatorToken.kind]?.[0] === 'equality';
}

function isCompared({ parent }: ts.Node): boolean {
  if (ts.isBinaryExpression(parent)) return swapped[parent.operatorToken.kind]?.[0] === 'equality';
  if (ts.isCaseClause(parent)) return true;
  if (!ts.isCallExpression(parent) || !ts.isPropertyAccessExpression(parent.expression)) return false;
  return ['includes', 'has', 'get', 'startsWith', 'endsWith'].includes(parent.expression.name.text);
}

/** A name of a property, which no expression can stand for. */
function isName(node: ts.Node): boolean {
  const { parent } = node;
  return (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node;
}

function isAssigned({ parent }: ts.Node): boolean {
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}

function isPredicate(node: ts.Expression): boolean {
  if (ts.isPrefixUnaryExpression(node)) return node.operator === ts.SyntaxKind.ExclamationToken;
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  return ['includes', 'some', 'every', 'startsWith', 'endsWith', 'test', 'has'].includes(node.expression.name.text);
}
