import { describe, expect, it } from "vitest";
import { ContainerLog } from "./log";

const bytes = (text: string) => new TextEncoder().encode(text);
const T = (second: number, nanos = "000000001") => `2026-01-02T03:04:0${second}.${nanos}Z`;
const texts = (lines: { text: string }[]) => lines.map(({ text }) => text);

describe("container log", () => {
  it("cuts lines and their times, however the bytes come", () => {
    const log = new ContainerLog();
    const lines = [...bytes(`${T(1)} héllo\n${T(2)} \n${T(3)} no end`)].flatMap((one) =>
      log.take("stdout", new Uint8Array([one])),
    );
    expect(texts(lines)).toEqual(["héllo", ""]);
    expect(lines[0]).toMatchObject({ stream: "stdout", time: T(1), number: 1 });
    expect(texts(log.take("stdout", bytes("ing\r\n")))).toEqual(["no ending"]);
  });

  it("shows no line twice after it was cut off, and misses none", () => {
    const log = new ContainerLog();
    log.take("stdout", bytes(`${T(1)} a\n${T(2)} b\n${T(2)} c\n${T(3)} be`));
    expect(log.since).toBe("2026-01-02T03:04:02.000Z");
    log.resume();
    const again = `${T(2)} b\n${T(2)} c\n${T(2)} d\n${T(3)} begun\n${T(3)} e\n`;
    expect(texts(log.take("stdout", bytes(again)))).toEqual(["d", "begun", "e"]);
  });

  it("keeps the streams apart, and goes back to the one that is further behind", () => {
    const log = new ContainerLog();
    log.take("stdout", bytes(`${T(5)} a\n`));
    log.take("stderr", bytes(`${T(1)} x\n`));
    expect(log.since).toBe("2026-01-02T03:04:01.000Z");
    log.resume();
    expect(texts(log.take("stdout", bytes(`${T(5)} a\n${T(6)} b\n`)))).toEqual(["b"]);
    expect(texts(log.take("stderr", bytes(`${T(1)} x\n${T(5)} y\n`)))).toEqual(["y"]);
  });

  it("compares times of other zones and lengths", () => {
    const log = new ContainerLog();
    log.take("stdout", bytes("2026-01-02T05:04:01.5+02:00 a\n"));
    log.resume();
    const again = "2026-01-02T03:04:01.500000000Z a\n2026-01-02T03:04:01.6Z b\n";
    expect(texts(log.take("stdout", bytes(again)))).toEqual(["b"]);
  });

  it("holds no line without end", () => {
    const log = new ContainerLog();
    const parts = log.take("stdout", bytes(`${T(1)} ${"x".repeat(70_000)}`));
    expect(parts[0]?.text).toHaveLength(70_000);
    expect(texts(log.take("stdout", bytes(`y\n${T(2)} z\n`)))).toEqual(["y", "z"]);
  });
});
