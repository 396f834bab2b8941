/** Emphasis for text on a terminal; each function returns the text with it, or unchanged where there is none. */
export interface TextStyle {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
}

const same = (text: string): string => text;
const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;

/** For files, pipes and people who do not want colour. */
export const plainStyle: TextStyle = { bold: same, dim: same, red: same, green: same, yellow: same, blue: same };

/** ECMA-48 "select graphic rendition". */
export const ansiStyle: TextStyle = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  blue: sgr(34, 39),
};
