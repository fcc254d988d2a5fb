// Frames in the body of an answer, where there are no frames: before each one stands its kind (u8:
// 0 text, 1 binary) and its length (u32, big endian). docs/reference/wire.md has it.
import { decodeFrame, type Frame } from "./frames";

const ENVELOPE = 5;
const TEXT = 0;
const BINARY = 1;
/** The largest frame that the hub sends. */
const MOST = 1_048_576;

/** Cuts the bytes of a body, which come in any portions, back into frames. */
export class EnvelopeReader {
  private rest = new Uint8Array(0);
  private readonly decoder = new TextDecoder();

  /** The frames that `data` completes: text ones as text. Throws a RangeError where none begins. */
  feed(data: Uint8Array): (string | Frame)[] {
    const bytes = join(this.rest, data);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: (string | Frame)[] = [];
    let at = 0;
    while (bytes.length - at >= ENVELOPE) {
      const kind = view.getUint8(at);
      const length = view.getUint32(at + 1);
      if (kind > BINARY || length > MOST) throw new RangeError("the stream is broken");
      const end = at + ENVELOPE + length;
      if (bytes.length < end) break;
      const frame = bytes.slice(at + ENVELOPE, end);
      frames.push(kind === TEXT ? this.decoder.decode(frame) : decodeFrame(frame.buffer));
      at = end;
    }
    this.rest = bytes.slice(at);
    return frames;
  }
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
