import type { Random } from '../random.ts';

type Container = Record<string | number, unknown>;

interface Slot {
  readonly parent: Container;
  readonly key: string | number;
}

const junk: readonly (() => unknown)[] = [
  () => null,
  () => '',
  () => 'x',
  () => 'IdentityBinding',
  () => -1,
  () => 0.5,
  () => 70_000,
  () => Number.MAX_SAFE_INTEGER + 2,
  () => true,
  () => [],
  () => ({}),
  () => [[[]]],
  () => [null],
  () => ({ '': null }),
  () => ({ name: 'x' }),
  () => '\u0000',
  () => '💥'.repeat(20),
  () => '(?:'.repeat(50),
  () => 'x'.repeat(300),
];

const strangeKeys = [
  'extra',
  '__proto__',
  'constructor',
  'toString',
  'nmae',
  'Spec',
  '',
  'a.b[0]',
  '<<',
  'metadata',
  'spec',
];

/** Changes the value, which it may damage, in one place; returns what to use instead of it. */
export function mutateValue(value: unknown, random: Random): unknown {
  const slots = slotsIn(value);
  const slot = slots.length === 0 ? undefined : random.pick(slots);
  if (slot === undefined) return random.pick(junk)();
  const { parent, key } = slot;
  switch (random.below(7)) {
    case 0:
      remove(slot);
      break;
    case 1:
      if (!Array.isArray(parent))
        rename(slot, random.chance(0.5) ? misspelt(String(key), random) : random.pick(strangeKeys));
      break;
    case 2:
      put(parent, key, structuredClone(random.pick(slots).parent));
      break;
    case 3:
      put(parent, key, [parent[key]]);
      break;
    case 4:
      if (Array.isArray(parent)) parent.push(parent[Number(key)]);
      else put(parent, random.pick(strangeKeys), random.pick(junk)());
      break;
    default:
      put(parent, key, random.pick(junk)());
  }
  return value;
}

function remove({ parent, key }: Slot): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

function rename({ parent, key }: Slot, name: string): void {
  const value = parent[key];
  delete parent[key];
  put(parent, name, value);
}

/** As an own property whatever the name: assigning to `__proto__` would make none. */
function put(parent: Container, key: string | number, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function misspelt(key: string, random: Random): string {
  const at = random.below(key.length + 1);
  return random.chance(0.5) ? key.slice(0, at) + key.slice(at + 1) : `${key.slice(0, at)}e${key.slice(at)}`;
}

function slotsIn(root: unknown): readonly Slot[] {
  const slots: Slot[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const parent = value as Container;
    for (const key of Object.keys(parent)) {
      slots.push({ parent, key: Array.isArray(parent) ? Number(key) : key });
      visit(parent[key]);
    }
  };
  visit(root);
  return slots;
}
