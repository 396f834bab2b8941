/** The way of a program's datagrams to one server and back. */
export interface Flow {
  begin(): void;
  /** Valid during the call; false when it is dropped. */
  send(datagram: Buffer): boolean;
  /** `ended` of the ends is not called any more. */
  close(): void;
}

/** What a flow tells its owner. */
export interface FlowEnds {
  /** The server is there and takes datagrams. */
  opened(): void;
  /** From the server; valid during the call. */
  datagram(payload: Buffer): void;
  /** `properly`: not for want of a server. */
  ended(properly: boolean): void;
}
