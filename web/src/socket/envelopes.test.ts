import { describe, expect, it } from "vitest";
import { EnvelopeReader } from "./envelopes";
import { encodeFrame } from "./frames";

function envelope(kind: number, body: Uint8Array): number[] {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, kind);
  head.setUint32(1, body.length);
  return [...new Uint8Array(head.buffer), ...body];
}

const text = (words: string) => envelope(0, new TextEncoder().encode(words));
const binary = (stream: number, offset: number, ...data: number[]) =>
  envelope(1, new Uint8Array(encodeFrame(stream, offset, new Uint8Array(data))));

const BODY = [
  ...text('{"event":"start"}'),
  ...binary(1, 0, 104, 105),
  ...binary(2, 7),
  ...text("é"),
];

function read(portion: number) {
  const reader = new EnvelopeReader();
  const frames = [];
  for (let at = 0; at < BODY.length; at += portion) {
    frames.push(...reader.feed(new Uint8Array(BODY.slice(at, at + portion))));
  }
  return frames.map((frame) =>
    typeof frame === "string" ? frame : [frame.stream, frame.offset, ...frame.data],
  );
}

describe("envelopes", () => {
  it("are the same frames, however the bytes come", () => {
    const whole = ['{"event":"start"}', [1, 0, 104, 105], [2, 7], "é"];
    for (const portion of [1, 2, 3, 7, BODY.length]) expect(read(portion)).toEqual(whole);
  });

  it("refuse what begins no frame, and one over the limit", () => {
    expect(() => new EnvelopeReader().feed(new Uint8Array([2, 0, 0, 0, 0]))).toThrow(RangeError);
    expect(() => new EnvelopeReader().feed(new Uint8Array([1, 255, 0, 0, 0]))).toThrow(RangeError);
  });
});
