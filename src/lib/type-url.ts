/** `Listener` for `type.googleapis.com/envoy.config.listener.v3.Listener`. */
export function typeName(typeUrl: string): string {
  return typeUrl.slice(Math.max(typeUrl.lastIndexOf('.'), typeUrl.lastIndexOf('/')) + 1);
}
