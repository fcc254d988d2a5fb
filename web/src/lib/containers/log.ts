// Lines of a container's log, cut from pieces that end anywhere. Each begins with the engine's time,
// by which no line comes twice when the log is asked for again. Pure.

export type LogStream = "stdout" | "stderr";

export interface ContainerLine {
  /** Counts up, so that a line has a name. */
  number: number;
  stream: LogStream;
  /** The engine's time, as it writes it. */
  time: string;
  text: string;
}

/** A line that goes on for so long is shown in parts. */
const LONGEST = 65_536;

interface Place {
  decoder: TextDecoder;
  held: string;
  /** The time of the line that has begun and was shown in part. */
  begun: string | null;
  /** Whether that line was shown before, and so the rest of it is not. */
  old: boolean;
  /** How far it was shown: the newest time, and how many lines have it. */
  last: string;
  count: number;
  /** Of the lines with that time so many came again; null: no line is to come again. */
  again: number | null;
}

export class ContainerLog {
  private number = 0;
  private places: Record<LogStream, Place> = { stdout: fresh(), stderr: fresh() };

  /** The log comes anew, from some time before this place. */
  resume(): void {
    for (const name of ["stdout", "stderr"] as const) {
      const { last, count } = this.places[name];
      this.places[name] = { ...fresh(), last, count, again: last ? 0 : null };
    }
  }

  /** From when on it is to be asked for again: undefined for its last lines, as at first. */
  get since(): string | undefined {
    const times = Object.values(this.places)
      .map(({ last }) => last)
      .filter(Boolean);
    const earliest = times.sort((one, other) => (order(one) < order(other) ? -1 : 1))[0];
    if (!earliest) return undefined;
    return new Date(Math.floor(Date.parse(earliest) / 1000) * 1000).toISOString();
  }

  /** The lines in the next bytes of a stream. */
  take(stream: LogStream, data: Uint8Array): ContainerLine[] {
    const place = this.places[stream];
    const parts = (place.held + place.decoder.decode(data, { stream: true })).split("\n");
    place.held = parts.pop() ?? "";
    const lines = parts.map((part) => this.line(stream, place, part, true));
    if (place.held.length > LONGEST) {
      lines.push(this.line(stream, place, place.held, false));
      place.held = "";
    }
    return lines.filter((line) => line !== null);
  }

  /** `whole`: it ends here. */
  private line(
    stream: LogStream,
    place: Place,
    part: string,
    whole: boolean,
  ): ContainerLine | null {
    const [time, text] = place.begun === null ? stamped(part) : [place.begun, part];
    const begins = place.begun === null;
    place.begun = whole ? null : time;
    if (begins) place.old = known(place, time);
    if (place.old) return null;
    this.number += 1;
    return { number: this.number, stream, time, text: text.replace(/\r$/, "") };
  }
}

const fresh = (): Place => ({
  decoder: new TextDecoder(),
  held: "",
  begun: null,
  old: false,
  last: "",
  count: 0,
  again: null,
});

function stamped(line: string): [time: string, text: string] {
  const space = line.indexOf(" ");
  return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
}

/** Whether a line of that time was shown before; if not it is now. */
function known(place: Place, time: string): boolean {
  if (place.again !== null) {
    const [here, there] = [order(time), order(place.last)];
    if (here < there) return true;
    if (here === there && place.again < place.count) {
      place.again += 1;
      return true;
    }
    place.again = null;
  }
  place.count = time === place.last ? place.count + 1 : 1;
  place.last = time;
  return false;
}

/** A time of the engine's, in a form whose order as text is that of time. */
function order(time: string): string {
  const [, whole, part = "", zone] = /^([^.Z+]+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  const seconds = Math.floor(Date.parse(`${whole}${zone}`) / 1000);
  return `${String(seconds).padStart(12, "0")}.${part.padEnd(9, "0")}`;
}
