import { describe, expect, it } from "vitest";
import { AHEAD, Feed } from "./feed";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data);

describe("feed", () => {
  it("sends nothing before the program has asked for it, and no more than it asked for", () => {
    const feed = new Feed();
    feed.add(bytes("hello"));
    expect(feed.take()).toBeNull();
    feed.granted(3, 0);
    const piece = feed.take();
    expect([piece?.offset, text(piece?.data)]).toEqual([0, "hel"]);
    expect(feed.take()).toBeNull();
    feed.granted(10, 0);
    expect(text(feed.take()?.data)).toBe("lo");
  });

  it("sends again, after the way was lost, what did not arrive, and only that", () => {
    const feed = new Feed();
    feed.granted(100, 0);
    feed.add(bytes("make clean\n"));
    feed.take();
    feed.lost();
    feed.add(bytes("ls\n"));
    expect(feed.take()).toBeNull();
    feed.granted(100, 5);
    expect(text(feed.take()?.data)).toBe("clean\nls\n");
    expect(feed.length).toBe(14);
  });

  it("keeps what may have to be sent again, and refuses to go on where bytes are gone", () => {
    const feed = new Feed();
    feed.granted(262_144, 0);
    for (let turn = 0; turn < 20; turn += 1) {
      feed.add(new Uint8Array(32_768));
      feed.take();
      feed.granted(32_768, 0);
    }
    feed.lost();
    expect(() => feed.granted(1, 0)).toThrow(RangeError);
    expect(() => feed.granted(1, 20 * 32_768)).not.toThrow();
  });

  it("takes nothing more once the program takes nothing, or when too much waits", () => {
    const feed = new Feed();
    expect(feed.add(new Uint8Array(AHEAD))).toBe(true);
    expect(feed.add(new Uint8Array(1))).toBe(false);
    feed.closed = true;
    feed.granted(10, 0);
    expect(feed.take()).toBeNull();
  });
});
