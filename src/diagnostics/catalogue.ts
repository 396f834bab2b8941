import { adapterCodes } from './codes/adapters.ts';
import { gatewayCodes } from './codes/gateway.ts';
import { injectionCodes } from './codes/injection.ts';
import { lintCodes } from './codes/lint.ts';
import { policyCodes } from './codes/policies.ts';
import { readingCodes } from './codes/reading.ts';
import { referenceCodes } from './codes/references.ts';
import { runtimeCodes } from './codes/runtime.ts';
import { semanticsCodes } from './codes/semantics.ts';
import { shapeCodes } from './codes/shape.ts';
import { webhookCodes } from './codes/webhooks.ts';
import type { CatalogueEntry } from './severity.ts';

const entries = {
  ...readingCodes,
  ...shapeCodes,
  ...referenceCodes,
  ...semanticsCodes,
  ...policyCodes,
  ...gatewayCodes,
  ...lintCodes,
  ...adapterCodes,
  ...runtimeCodes,
  ...injectionCodes,
  ...webhookCodes,
};

/** A stable code. Codes may be retired, never reused. */
export type DiagnosticCode = keyof typeof entries;

/** Every code that smi-mesh can report. */
export const catalogue: Readonly<Record<DiagnosticCode, CatalogueEntry>> = entries;
