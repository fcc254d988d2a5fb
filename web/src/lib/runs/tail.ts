/** The end of a text that comes as bytes: the last `most` characters or somewhat more. */
export class TextTail {
  text = "";
  /** Characters that were there and are not kept. */
  leftOut = 0;
  private readonly decoder = new TextDecoder();
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  add(data: Uint8Array): void {
    // What is not UTF-8 shows as a replacement character; the command line has the bytes.
    this.text += this.decoder.decode(data, { stream: true });
    if (this.text.length > 2 * this.most) this.cut();
  }

  /** The last lines that hold something. */
  last(count: number): string[] {
    const lines = this.text.slice(-this.most).trimEnd().split(/\r?\n/);
    return lines.slice(-count).filter((line) => line !== "");
  }

  private cut(): void {
    const from = this.text.length - this.most;
    const newline = this.text.indexOf("\n", from - 1);
    const begin = newline >= 0 && newline < this.text.length - 1 ? newline + 1 : from;
    this.leftOut += begin;
    this.text = this.text.slice(begin);
  }
}
