import { expect, it } from "vitest";
import { decodeFrame, encodeFrame } from "./frames";

it("is read back as it was written, past four gigabytes too", () => {
  const data = new Uint8Array([0, 255, 27, 10]);
  const frame = decodeFrame(encodeFrame(7, 2 ** 40 + 3, data));
  expect([frame.stream, frame.offset, [...frame.data]]).toEqual([7, 2 ** 40 + 3, [...data]]);
});

it("is what the wire's document says", () => {
  const bytes = [...new Uint8Array(encodeFrame(1, 2, new Uint8Array([3])))];
  expect(bytes).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 3]);
});

it("refuses a frame that is shorter than its header", () => {
  expect(() => decodeFrame(new ArrayBuffer(11))).toThrow(RangeError);
});
