// Binary frames of streams, as docs/reference/wire.md has them: stream (u32), offset of the first
// byte in its stream (u64), both big endian, then the bytes.
const HEADER = 12;

export interface Frame {
  stream: number;
  offset: number;
  data: Uint8Array<ArrayBuffer>;
}

export function decodeFrame(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < HEADER) throw new RangeError("a frame without room for its header");
  const view = new DataView(buffer);
  return {
    stream: view.getUint32(0),
    offset: Number(view.getBigUint64(4)),
    data: new Uint8Array(buffer, HEADER),
  };
}

export function encodeFrame(stream: number, offset: number, data: Uint8Array): ArrayBuffer {
  const buffer = new ArrayBuffer(HEADER + data.length);
  const view = new DataView(buffer);
  view.setUint32(0, stream);
  view.setBigUint64(4, BigInt(offset));
  new Uint8Array(buffer, HEADER).set(data);
  return buffer;
}
