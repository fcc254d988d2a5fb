/** So many bytes may wait for the screen; past it what is printed is passed over until few wait. */
const MOST = 4_194_304;
const FEW = 262_144;

/** Keeps a flood from filling the page's memory: a browser cannot make a socket wait. */
export class Pace {
  private waiting = 0;
  private skipped = 0;

  /** Whether `size` more bytes go to the screen. */
  admits(size: number): boolean {
    if (this.skipped > 0 || this.waiting > MOST) {
      this.skipped += size;
      return false;
    }
    this.waiting += size;
    return true;
  }

  /** So many bytes are on the screen. How many were passed over, once it is time to say so. */
  shown(size: number): number {
    this.waiting -= size;
    if (this.skipped === 0 || this.waiting > FEW) return 0;
    const skipped = this.skipped;
    this.skipped = 0;
    return skipped;
  }
}
