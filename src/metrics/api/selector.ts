import { err, ok, type Result } from '../../lib/result.ts';

/** One condition on the labels of an object, as in metav1.LabelSelector. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

const key = '(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const value = '(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?';
const equal = new RegExp(`^(${key})\\s*(==|=|!=)\\s*(${value})$`);
const among = new RegExp(`^(${key})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const present = new RegExp(`^(!?)\\s*(${key})$`);
const whole = new RegExp(`^${value}$`);

/** Reads what `labelSelector` says; all requirements must hold. */
export function parseSelector(text: string): Result<readonly Requirement[], string> {
  const requirements: Requirement[] = [];
  // Commas within parentheses part values.
  for (const piece of text.split(/,(?![^(]*\))/)) {
    const part = piece.trim();
    if (part === '' && text.trim() === '') continue;
    const requirement = readRequirement(part);
    if (requirement === undefined) return err(`unable to parse requirement: ${JSON.stringify(part)}`);
    requirements.push(requirement);
  }
  return ok(requirements);
}

function readRequirement(part: string): Requirement | undefined {
  const [, name = '', operator, wanted = ''] = equal.exec(part) ?? [];
  if (operator !== undefined) return { key: name, operator: operator === '!=' ? 'NotIn' : 'In', values: [wanted] };
  const [, set = '', within, list = ''] = among.exec(part) ?? [];
  if (within !== undefined) {
    const values = list.split(',').map((each) => each.trim());
    if (!values.every((each) => whole.test(each))) return undefined;
    return { key: set, operator: within === 'in' ? 'In' : 'NotIn', values };
  }
  const [, absent, label] = present.exec(part) ?? [];
  return label === undefined
    ? undefined
    : { key: label, operator: absent === '!' ? 'DoesNotExist' : 'Exists', values: [] };
}

export function selects(requirements: readonly Requirement[], labels: Readonly<Record<string, string>>): boolean {
  return requirements.every(({ key: name, operator, values }) => {
    const has = Object.hasOwn(labels, name) ? labels[name] : undefined;
    switch (operator) {
      case 'In':
        return has !== undefined && values.includes(has);
      case 'NotIn':
        return has === undefined || !values.includes(has);
      case 'Exists':
        return has !== undefined;
      case 'DoesNotExist':
        return has === undefined;
      default:
        return false;
    }
  });
}

/** As a metav1.LabelSelector. */
export function asLabelSelector(requirements: readonly Requirement[]): object {
  return {
    matchExpressions: requirements.map(({ values, ...rest }) => (values.length > 0 ? { ...rest, values } : rest)),
  };
}
