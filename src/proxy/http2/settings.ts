import { FLOW_CONTROL_ERROR, NO_ERROR, PROTOCOL_ERROR } from './error-codes.ts';
import { defaultFrameBytes, maxWindow } from './frames.ts';

/** RFC 9113 6.5.2, RFC 8441 3. */
export const HEADER_TABLE_SIZE = 1;
export const ENABLE_PUSH = 2;
export const MAX_CONCURRENT_STREAMS = 3;
export const INITIAL_WINDOW_SIZE = 4;
const MAX_FRAME_SIZE = 5;
export const MAX_HEADER_LIST_SIZE = 6;
export const ENABLE_CONNECT_PROTOCOL = 8;

export const settingBytes = 6;

/** What a peer said of itself, beginning with the values that hold before it says anything. */
export class PeerSettings {
  headerTableBytes = 4_096;
  /** No limit, until the peer sets one. */
  concurrentStreams = Number.POSITIVE_INFINITY;
  streamWindow = 65_535;
  frameBytes = defaultFrameBytes;
  extendedConnect = false;

  /** Takes one parameter over; the error code of the connection when its value is none (RFC 9113 6.5.2). */
  set(id: number, value: number, peerIsServer: boolean): number {
    switch (id) {
      case HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        return NO_ERROR;
      case ENABLE_PUSH:
        return value === 0 || (value === 1 && !peerIsServer) ? NO_ERROR : PROTOCOL_ERROR;
      case MAX_CONCURRENT_STREAMS:
        this.concurrentStreams = value;
        return NO_ERROR;
      case INITIAL_WINDOW_SIZE:
        if (value > maxWindow) return FLOW_CONTROL_ERROR;
        this.streamWindow = value;
        return NO_ERROR;
      case MAX_FRAME_SIZE:
        if (value < defaultFrameBytes || value > 0xff_ffff) return PROTOCOL_ERROR;
        this.frameBytes = value;
        return NO_ERROR;
      case ENABLE_CONNECT_PROTOCOL:
        if (value > 1 || (value === 0 && this.extendedConnect)) return PROTOCOL_ERROR;
        this.extendedConnect = value === 1;
        return NO_ERROR;
      default:
        return NO_ERROR;
    }
  }
}
