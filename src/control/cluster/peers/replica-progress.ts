import type { SpiffeId } from '../../../lib/spiffe.ts';
import type { Plane } from '../../plane.ts';
import type { StatusSubjects } from '../status/subjects.ts';
import { askPeer, type Peer } from './ask-peer.ts';
import type { ObjectVersion } from './contract.ts';
import { type PeerServer, startPeerServer } from './peer-server.ts';
import { Progress } from './progress.ts';

export interface ReplicaProgressOptions {
  /** Resolves once this replica serves proxies. */
  readonly plane: Promise<Plane>;
  readonly subjects: StatusSubjects;
  /** What all replicas prove. */
  readonly identity: SpiffeId;
  /** The other replicas that are ready. */
  readonly peers: () => readonly Peer[];
}

/** What has landed at the proxies of this replica and of the others. */
export class ReplicaProgress {
  readonly everywhere: Progress;
  readonly #options: ReplicaProgressOptions;
  #plane: Plane | undefined;

  constructor(options: ReplicaProgressOptions) {
    this.#options = options;
    const { plane, peers, identity } = options;
    this.everywhere = new Progress({
      landedHere: (version) => this.#landedHere(version),
      peers,
      ask: async (peer, objects) => await askPeer(peer, objects, (await plane).svid(), identity),
    });
    plane.then(
      (served) => {
        this.#plane = served;
      },
      () => undefined,
    );
  }

  /** Answers the other replicas, with the certificate that the plane has of now. */
  async serve(plane: Plane, address: string, port: number): Promise<PeerServer> {
    const server = await startPeerServer({
      address,
      port,
      identity: this.#options.identity,
      svid: plane.svid(),
      landed: (version) => this.#landedHere(version),
    });
    let used = plane.svid();
    const unwatch = plane.watch(() => {
      if (plane.svid() === used) return;
      used = plane.svid();
      server.rotate(used);
    });
    return {
      ...server,
      close: () => {
        unwatch();
        return server.close();
      },
    };
  }

  #landedHere({ object, uid, generation }: ObjectVersion): boolean {
    const landed = this.#plane?.landed(object);
    return landed !== undefined && landed >= generation && this.#options.subjects.get(object)?.uid === uid;
  }
}
