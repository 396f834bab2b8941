import { accessMatrix } from '../../analysis/matrix.ts';
import { defaultCompileOptions } from '../../compile/index.ts';
import { checkSources } from '../check-sources.ts';
import type { ClusterChoice } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportFindings } from '../findings.ts';
import { print, printJson, styleFor } from '../output.ts';
import { matrixCsv } from './csv.ts';
import { matrixHtml } from './html.ts';
import { matrixSvg } from './svg.ts';
import { matrixText } from './text.ts';

export interface MatrixOptions extends ClusterChoice {
  readonly output: 'text' | 'csv' | 'json' | 'svg' | 'html';
}

/** Prints who may call whom; returns the exit code, which is 1 when a manifest has an error. */
export async function matrix(paths: readonly string[], options: MatrixOptions): Promise<number> {
  const checked = await checkSources(paths, defaultCompileOptions, options);
  const faulty = reportFindings(checked);
  const result = accessMatrix(checked.model);
  if (options.output === 'json') printJson(result);
  else if (options.output === 'text') print(...matrixText(result, styleFor(process.stdout)));
  else process.stdout.write(writers[options.output](result));
  return faulty ? exitCodes.findings : exitCodes.fine;
}

const writers = { csv: matrixCsv, svg: matrixSvg, html: matrixHtml } as const;
