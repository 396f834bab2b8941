/** Finds lines and columns in a text by offset. Line breaks are LF, CR LF and CR (YAML 1.2.2, 5.4). */
export interface TextLines {
  /** Line and column of an offset, both from 1; columns in UTF-16 code units. */
  at(offset: number): { readonly line: number; readonly column: number };
  /** The text of a line, counted from 1, without its break. */
  line(number: number): string | undefined;
}

export function textLines(text: string): TextLines {
  const starts = [0];
  const breaks = /\r\n|\n|\r/g;
  while (breaks.exec(text) !== null) starts.push(breaks.lastIndex);
  return {
    at(offset) {
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
      return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
    },
    line(number) {
      const start = starts[number - 1];
      if (start === undefined) return undefined;
      return text.slice(start, starts[number] ?? text.length).replace(/[\r\n]+$/, '');
    },
  };
}
