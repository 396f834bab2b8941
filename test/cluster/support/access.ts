/** How to reach a running apiserver, as plain data. */
export interface ClusterAccess {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  /** May do everything. */
  readonly adminToken: string;
  /** Is known, and may do nothing but look around. */
  readonly guestToken: string;
  /** A kubeconfig with the contexts `admin` (current) and `guest`. */
  readonly kubeconfig: string;
}
