import { escapeXml } from '../../lib/xml.ts';
import type { ConformanceReport, Verdict } from './types.ts';

const label = 'SMI conformance';
const characterWidth = 6.6;
const padding = 12;
const colours: Readonly<Record<Verdict, string>> = { success: '#1a7f37', partial: '#7d5a00', failure: '#b42318' };

/** An SVG image for a README: how many cases passed. */
export function renderBadge({ cases, result }: ConformanceReport): string {
  const passed = cases.filter((each) => each.result === 'passed').length;
  const text = `${passed}/${cases.length}${result === 'partial' ? ' partial' : ''}`;
  const widthOf = (words: string) => Math.round(words.length * characterWidth + padding);
  const [left, right] = [widthOf(label), widthOf(text)];
  const words = (x: number, shown: string) => `<text x="${x}" y="14">${escapeXml(shown)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${label}: ${text}">
<title>${label}: ${text}</title>
<rect width="${left}" height="20" fill="#444"/><rect x="${left}" width="${right}" height="20" fill="${colours[result]}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
${words(left / 2, label)}${words(left + right / 2, text)}
</g>
</svg>
`;
}
