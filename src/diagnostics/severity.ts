export type Severity = 'error' | 'warning' | 'info';

/** What the catalogue says of one code. */
export interface CatalogueEntry {
  readonly severity: Severity;
  /** A few words, for lists. */
  readonly title: string;
  /** What it means for traffic and why it is reported. */
  readonly explanation: string;
  /** The next step, in the imperative. */
  readonly hint: string;
}
