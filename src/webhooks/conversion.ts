import { setImmediate as nextTurn } from 'node:timers/promises';
import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { convertObject } from '../smi/convert/convert.ts';

const conversionApiVersion = 'apiextensions.k8s.io/v1';

/** So many objects are converted before others get their turn. */
const batch = 50;

/**
 * Answers an apiextensions.k8s.io/v1 ConversionReview; an error says what is wrong with the review itself. Every object
 * converts, because the apiserver fails a whole list for one that does not: one that the conversion refuses or breaks at
 * becomes an object without fields, which grants and routes nothing and which no version's schema takes back. Each of those
 * is reported to `onDefect`.
 */
export async function answerConversion(
  review: unknown,
  onDefect: (reason: unknown) => void = () => undefined,
): Promise<Result<unknown, string>> {
  const request = isRecord(review) && review.kind === 'ConversionReview' ? review.request : undefined;
  if (!isRecord(review) || !isRecord(request)) return err('the body is no ConversionReview with a request');
  if (review.apiVersion !== conversionApiVersion) return err(`only ${conversionApiVersion} is spoken`);
  const { uid, desiredAPIVersion, objects } = request;
  if (typeof uid !== 'string' || typeof desiredAPIVersion !== 'string' || !Array.isArray(objects)) {
    return err('the request lacks uid, desiredAPIVersion or objects');
  }
  const convertedObjects: unknown[] = [];
  for (const [position, object] of objects.entries()) {
    if (position % batch === batch - 1) await nextTurn();
    convertedObjects.push(total(object, desiredAPIVersion, onDefect));
  }
  const response = { uid, convertedObjects, result: { status: 'Success' } };
  return ok({ apiVersion: conversionApiVersion, kind: 'ConversionReview', response });
}

function total(object: unknown, apiVersion: string, onDefect: (reason: unknown) => void): unknown {
  if (!isRecord(object)) return object;
  try {
    const converted = convertObject(object, apiVersion);
    if (converted.ok) return converted.value;
    onDefect(converted.error.map(({ message }) => message).join('; '));
  } catch (error) {
    onDefect(error);
  }
  return withoutFields(object, apiVersion);
}

function withoutFields({ kind, metadata }: Fields, apiVersion: string): Fields {
  return { apiVersion, kind, metadata };
}
