/** Which fault is on, and which places have been reached; instrumented sources ask. */
export const faults = { on: -1, reached: new Set<number>() };

declare global {
  var __mutant: (id: number) => boolean;
}

globalThis.__mutant = (id) => {
  faults.reached.add(id);
  return id === faults.on;
};
