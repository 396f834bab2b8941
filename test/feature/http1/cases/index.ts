import type { RequestCase, ResponseCase } from '../case.ts';
import { bodilessAnswers } from './answer-bodiless.ts';
import { answerFields } from './answer-fields.ts';
import { answerFraming } from './answer-framing.ts';
import { chunks } from './chunks.ts';
import { codings } from './codings.ts';
import { fields } from './fields.ts';
import { hops } from './hops.ts';
import { hosts } from './hosts.ts';
import { lengths } from './lengths.ts';
import { lines } from './lines.ts';
import { requestLines } from './request-lines.ts';
import { sizes } from './sizes.ts';
import { statusLines } from './status-lines.ts';
import { switches } from './switches.ts';
import { targets } from './targets.ts';
import { trailers } from './trailers.ts';

export const requestCases: Readonly<Record<string, readonly RequestCase[]>> = {
  'Content-Length': lengths,
  'Transfer-Encoding': codings,
  chunks,
  trailers,
  fields,
  'line ends': lines,
  'request lines': requestLines,
  targets,
  Host: hosts,
  sizes,
  'fields of one hop': hops,
  'Expect and Upgrade': switches,
};

export const responseCases: Readonly<Record<string, readonly ResponseCase[]>> = {
  'status lines': statusLines,
  framing: answerFraming,
  'no body': bodilessAnswers,
  fields: answerFields,
};
