import type { Location } from '../../diagnostics/origin.ts';
import type { RuleOrigin } from '../../telemetry/record.ts';
import type { AskedControlPlane } from '../control-plane/ask.ts';
import type { RulePlace } from './text.ts';

const askMillis = 2_000;
/** Files may change meanwhile. */
const rememberedMillis = 10_000;

/** Where rules stand in the files of the control plane, asked once in a while. */
export class RulePlaces {
  readonly #controlPlane: AskedControlPlane;
  readonly #known = new Map<string, { readonly until: number; readonly place: Promise<RulePlace | undefined> }>();

  constructor(controlPlane: AskedControlPlane) {
    this.#controlPlane = controlPlane;
  }

  /** Undefined where that is no file, or nobody says. */
  of({ object, path }: RuleOrigin): Promise<RulePlace | undefined> {
    const query = new URLSearchParams({ object, path }).toString();
    const known = this.#known.get(query);
    if (known !== undefined && performance.now() < known.until) return known.place;
    const place = this.#ask(query);
    this.#known.set(query, { until: performance.now() + rememberedMillis, place });
    return place;
  }

  async #ask(query: string): Promise<RulePlace | undefined> {
    try {
      const answers = await this.#controlPlane.ask<{ readonly location?: Location }>(`/locate?${query}`, askMillis);
      const location = answers.find((answer) => answer.location !== undefined)?.location;
      return location === undefined ? undefined : { file: location.file, line: location.line };
    } catch {
      return undefined;
    }
  }
}
