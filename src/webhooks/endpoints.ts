import { type AdmissionHandler, answerAdmission } from './admission.ts';
import { answerConversion } from './conversion.ts';
import type { EndpointOptions } from './server.ts';

export interface WebhookHandlers {
  readonly validate: AdmissionHandler;
  /** Absent: no sidecar is injected here. */
  readonly mutate?: AdmissionHandler;
  /** An object that could not be converted and is served without its fields: a bug. */
  readonly onDefect?: (reason: unknown) => void;
}

/** Where the apiserver asks for what. */
export const webhookPaths = { convert: '/convert', validate: '/validate', inject: '/inject' } as const;

/** The apiserver takes no object above 3 MiB; an update comes with the object before it. */
const admissionBodyLimit = 16 * 1024 * 1024;
/** A list that a client asks for in one piece comes in one review. */
const conversionBodyLimit = 128 * 1024 * 1024;

/** What is served at which path, with its bounds. */
export function webhookEndpoints({
  validate,
  mutate,
  onDefect,
}: WebhookHandlers): Readonly<Record<string, EndpointOptions>> {
  const admission = (handle: AdmissionHandler): EndpointOptions => ({
    answer: (body) => answerAdmission(body, handle),
    bodyLimit: admissionBodyLimit,
    concurrency: 32,
  });
  return {
    [webhookPaths.convert]: {
      answer: (body) => answerConversion(body, onDefect),
      bodyLimit: conversionBodyLimit,
      concurrency: 4,
    },
    [webhookPaths.validate]: admission(validate),
    ...(mutate === undefined ? {} : { [webhookPaths.inject]: admission(mutate) }),
  };
}
