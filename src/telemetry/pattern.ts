/** Texts of one form. */
export interface Pattern {
  test(text: string): boolean;
}

/** The form in which each `*` stands for any characters, none included. It is matched in linear time for each `*`. */
export function compilePattern(text: string): Pattern {
  const [first = '', ...rest] = text.split('*');
  if (rest.length === 0) return { test: (candidate) => candidate === first };
  const last = rest.pop()!;
  return {
    test: (candidate) => {
      if (!candidate.startsWith(first)) return false;
      let at = first.length;
      for (const piece of rest) {
        const found = candidate.indexOf(piece, at);
        if (found < 0) return false;
        at = found + piece.length;
      }
      return candidate.length - last.length >= at && candidate.endsWith(last);
    },
  };
}
