/** What meshes have got wrong, one switch each. */
export const faultNames = [
  /** A TrafficTarget whose sources are empty lets everybody in, as OSM did. */
  'empty-sources-are-anyone',
  /** Sources are known by the name of their account, whatever its namespace, as Consul's first controller did. */
  'namespaces-of-sources-ignored',
  /** The expression of a header is taken for the text itself, as Consul's second controller did. */
  'header-expressions-are-text',
  /** A split governs all requests, whatever its matches, as with OSM and Linkerd. */
  'split-matches-ignored',
  /** Weights become whole percents, of which the last backend gets what is left, as with SMI's adapter for Istio. */
  'weights-are-rounded',
];

/** Those that the arguments `--fault NAME` name. */
export function faultsOf(args) {
  const named = args.flatMap((argument, index) => (argument === '--fault' ? [args[index + 1]] : []));
  const unknown = named.find((name) => !faultNames.includes(name));
  if (unknown !== undefined) throw new Error(`there is no fault ${unknown}`);
  return new Set(named);
}
