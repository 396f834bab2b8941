import { EVENT_ID } from 'js-yaml';
import type { SuppressionComment } from '../diagnostics/suppress.ts';
import { textLines } from '../lib/text-lines.ts';
import type { SourceFile } from './types.ts';
import { yamlEvents } from './yaml.ts';

const marker = /(^|[ \t])#[ \t]*smi-mesh:[ \t]*ignore\b([^\r\n]*)/gm;

/**
 * The comments of a file that ask to leave findings out. Behind a value a comment speaks of its own line; on a line of its own,
 * of the next line that is no comment.
 */
export function suppressionComments({ file, text, broken }: SourceFile): readonly SuppressionComment[] {
  if (broken || !text.includes('smi-mesh:')) return [];
  const scalars = scalarRanges(text);
  const lines = textLines(text);
  let scalar = 0;
  // Comments come in the order of their lines, so what was found out for one helps the next.
  let reached = 0;
  const lineAfter = (line: number): number => {
    reached = Math.max(reached, line + 1);
    while (/^\s*#/.test(lines.line(reached) ?? '')) reached += 1;
    return reached;
  };
  return [...text.matchAll(marker)].flatMap((found): SuppressionComment[] => {
    const [, before = '', after = ''] = found;
    const offset = found.index + before.length;
    while ((scalars[scalar]?.end ?? Number.POSITIVE_INFINITY) <= offset) scalar += 1;
    if ((scalars[scalar]?.start ?? Number.POSITIVE_INFINITY) <= offset) return [];
    const { line, column } = lines.at(offset);
    const alone = (lines.line(line) ?? '').slice(0, column - 1).trim() === '';
    return [{ location: { file, line, column }, lines: [alone ? lineAfter(line) : line], text: after.trim() }];
  });
}

/** Where texts stand, in order: a `#` inside them begins no comment. */
function scalarRanges(text: string): readonly { readonly start: number; readonly end: number }[] {
  return yamlEvents(text).flatMap((event) =>
    event.type === EVENT_ID.SCALAR ? [{ start: event.valueStart, end: event.valueEnd }] : [],
  );
}
