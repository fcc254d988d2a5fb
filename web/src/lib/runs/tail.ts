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

  /** So many bytes never came. What is there before and after them must not read as one line. */
  gap(bytes: number): void {
    this.text += this.decoder.decode(); // a character whose end is among them
    const begin = this.text === "" || this.text.endsWith("\n") ? "" : "\n";
    this.text += `${begin}[chatops: ${bytes} bytes are missing here]\n`;
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
