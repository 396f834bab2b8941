/** Longest text that is shown of a message or a name, in UTF-16 code units. */
const textLimit = 2_000;

/**
 * Text of users, cut when it is endless, without what a terminal would obey: control characters other than tab, and
 * bidirectional overrides.
 */
export function printable(text: string): string {
  const shown = text.length > textLimit ? `${text.slice(0, textLimit)}...` : text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach the terminal
  return shown.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}
