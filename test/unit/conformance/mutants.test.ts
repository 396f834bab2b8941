import { describe, expect, test } from 'vitest';
import { instrumented } from '../../mutants/instrument.ts';
import { mutationsOf } from '../../mutants/sites.ts';

const text = `
const allowed = ['a', 'b'];
const calls = [];
function verdict(name, age) {
  calls.push(name);
  if (name === 'root' || age < 18) return false;
  return allowed.includes(name) ? 1 : 0;
}
`;

const mutants = mutationsOf('sample.ts', text).map((mutation, id) => ({ ...mutation, id }));

/** What the sample says with a fault on. */
function run(fault: number, given: string, years: number): unknown {
  const program = `${instrumented(text, mutants)} return verdict(given, years) + ':' + calls.length;`;
  const asked = (id: number) => id === fault;
  return new Function('given', 'years', 'globalThis', program)(given, years, { __mutant: asked });
}

describe('small faults in a source', () => {
  test('are those of every operator, with the text that they change', () => {
    const found = mutants.map(({ operator, before, after }) => `${operator}: ${before} => ${after}`);
    expect(found).toEqual(
      expect.arrayContaining([
        "emptied list: ['a', 'b'] => []",
        'removed statement: calls.push(name); => ',
        "connective: name === 'root' || age < 18 => name === 'root' && age < 18",
        "equality: name === 'root' => name !== 'root'",
        "constant: 'root' => 'mutant'",
        'boundary: age < 18 => age <= 18',
        'constant: 18 => 19',
        'constant: false => true',
        'negated condition: allowed.includes(name) => !(allowed.includes(name))',
      ]),
    );
    expect(mutants.find(({ operator }) => operator === 'boundary')).toMatchObject({ line: 6, within: 'verdict' });
  });

  test('do nothing until one is on, and then what it says', () => {
    const fault = (operator: string, before: RegExp) =>
      mutants.find((each) => each.operator === operator && before.test(each.before))!.id;
    expect(run(-1, 'a', 18)).toBe('1:1');
    expect(run(-1, 'root', 18)).toBe('false:1');
    expect(run(fault('boundary', /age/), 'a', 18)).toBe('false:1');
    expect(run(fault('connective', /root/), 'root', 18)).toBe('0:1');
    expect(run(fault('removed statement', /push/), 'a', 20)).toBe('1:0');
    expect(run(fault('emptied list', /a/), 'a', 20)).toBe('0:1');
    expect(run(fault('negated condition', /includes/), 'a', 20)).toBe('0:1');
  });
});
