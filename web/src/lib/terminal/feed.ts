// How far what is typed may be sent, and what must be kept to send it again. Pure: no I/O. The rules
// are those of docs/reference/wire.md (stream_credit), and the hub's other clients have the same.

/** The receiver never holds more than so many bytes that the program has not read. */
const STREAM_CREDIT = 262_144;
const MAX_PIECE = 32_768;
/** So much may be typed or pasted ahead of what can be sent. */
export const AHEAD = 1_048_576;

export interface Piece {
  offset: number;
  data: Uint8Array;
}

export class Feed {
  private data = new Uint8Array(0);
  /** Where in the stream `data` begins. */
  private base = 0;
  private sent = 0;
  private limit = 0;
  private standing = false;
  /** The program takes no more. */
  closed = false;

  /** How much was sent: the length of the stream, for who ends it. */
  get length(): number {
    return this.sent;
  }

  /** Takes what was typed; false when there is no room for it. */
  add(bytes: Uint8Array): boolean {
    if (this.closed || this.base + this.data.length - this.sent + bytes.length > AHEAD)
      return false;
    const joined = new Uint8Array(this.data.length + bytes.length);
    joined.set(this.data);
    joined.set(bytes, this.data.length);
    this.data = joined;
    return true;
  }

  /** The way to the program is gone; nothing can be sent before the next `granted`. */
  lost(): void {
    this.standing = false;
  }

  /**
   * The program takes `credit` more bytes. The first time after `lost` it also says with `offset`
   * where to go on. Throws a RangeError if what lies there is not kept any more.
   */
  granted(credit: number, offset: number): void {
    if (!this.standing) this.resume(offset);
    this.limit += credit;
    this.forget(this.limit - STREAM_CREDIT);
  }

  /** What is to be sent now; null: nothing. */
  take(): Piece | null {
    if (!this.standing || this.closed) return null;
    const begin = this.sent - this.base;
    const data = this.data.slice(begin, begin + Math.min(MAX_PIECE, this.limit - this.sent));
    if (data.length === 0) return null;
    const piece = { offset: this.sent, data };
    this.sent += data.length;
    return piece;
  }

  private resume(offset: number): void {
    if (offset < this.base || offset > this.base + this.data.length) {
      throw new RangeError(`what was typed before byte ${offset} is not kept any more`);
    }
    this.standing = true;
    this.sent = offset;
    this.limit = offset;
    this.forget(offset);
  }

  private forget(before: number): void {
    const gone = Math.min(before, this.sent) - this.base;
    if (gone <= 0) return;
    this.data = this.data.slice(gone);
    this.base += gone;
  }
}
