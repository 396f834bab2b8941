import { isRecord } from '../lib/values.ts';
import type { Expression } from './expression.ts';
import { functions, textOf, truth } from './functions.ts';
import type { TemplateNode } from './parse-template.ts';

export type Definitions = ReadonlyMap<string, readonly TemplateNode[]>;

/** Where an evaluation stands: `$`, `.`, and what `include` finds. */
interface Scope {
  readonly root: unknown;
  readonly dot: unknown;
  readonly definitions: Definitions;
}

/** The text of a template for some data. Throws on what Helm would refuse, and on a field that is not there. */
export function evaluateTemplate(nodes: readonly TemplateNode[], data: unknown, definitions: Definitions): string {
  return evaluateNodes(nodes, { root: data, dot: data, definitions });
}

function evaluateNodes(nodes: readonly TemplateNode[], scope: Scope): string {
  return nodes.map((node) => evaluateNode(node, scope)).join('');
}

function evaluateNode(node: TemplateNode, scope: Scope): string {
  if (node.kind === 'text') return node.text;
  const value = evaluate(node.value, scope);
  if (node.kind === 'output') return textOf(value);
  if (!truth(value)) return evaluateNodes(node.otherwise, scope);
  if (node.kind === 'if') return evaluateNodes(node.body, scope);
  if (node.kind === 'with') return evaluateNodes(node.body, { ...scope, dot: value });
  if (!Array.isArray(value)) throw new Error('range is over a list');
  return value.map((dot) => evaluateNodes(node.body, { ...scope, dot })).join('');
}

function evaluate(expression: Expression, scope: Scope): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'field':
      return expression.path.reduce(field, expression.root ? scope.root : scope.dot);
    case 'call': {
      const given = expression.arguments.map((argument) => evaluate(argument, scope));
      if (expression.name === 'include') return include(given, scope);
      const call = Object.hasOwn(functions, expression.name) ? functions[expression.name] : undefined;
      if (call === undefined) throw new Error(`the function "${expression.name}" is not known`);
      return call(...given);
    }
  }
}

function field(value: unknown, name: string): unknown {
  if (!isRecord(value)) throw new Error(`there is no field "${name}" of ${JSON.stringify(value)}`);
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function include([name, data]: readonly unknown[], { definitions }: Scope): string {
  const nodes = definitions.get(textOf(name));
  if (nodes === undefined) throw new Error(`nothing is defined as "${textOf(name)}"`);
  return evaluateTemplate(nodes, data, definitions);
}
