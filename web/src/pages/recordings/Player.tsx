import { Pause, Play } from "lucide-react";
import { useRef, useState } from "react";
import type { Cast } from "@/lib/cast/cast";
import { commandCommands } from "@/lib/commands/commands";
import { duration } from "@/lib/format";
import { CliCommand } from "@/parts/CliCommand";
import { Button } from "@/ui/button";
import { Checkbox, Select } from "@/ui/field";
import { type Player as State, usePlayer } from "./usePlayer";

const SPEEDS = [0.5, 1, 2, 4, 8];
const PAUSES: [string, string][] = [
  ["", "pauses as they were"],
  ["1", "pauses of 1 s at most"],
  ["2", "pauses of 2 s at most"],
  ["5", "pauses of 5 s at most"],
];

/** A recording on a screen, with its timing. */
export default function Player({ cast, id }: { cast: Cast; id: string }) {
  const place = useRef<HTMLElement>(null);
  const [speed, setSpeed] = useState(1);
  const [idle, setIdle] = useState<number | null>(2);
  const [reader, setReader] = useState(false);
  const player = usePlayer(place, cast, speed, idle, reader);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <section
        ref={place}
        aria-label="Recording"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keyboard
        tabIndex={0}
        className="max-h-[65dvh] overflow-auto rounded-md border bg-terminal p-2"
      />
      <Bar player={player} />
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <Select
          aria-label="Speed"
          className="w-24"
          value={speed}
          onChange={(event) => setSpeed(Number(event.target.value))}
        >
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              × {one}
            </option>
          ))}
        </Select>
        <Select
          aria-label="Pauses"
          className="w-60"
          value={idle ?? ""}
          onChange={(event) => setIdle(event.target.value ? Number(event.target.value) : null)}
        >
          {PAUSES.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </Select>
        <label className="flex items-center gap-2 text-faint">
          <Checkbox checked={reader} onChange={(event) => setReader(event.target.checked)} />
          for screen readers
        </label>
        <div className="max-w-full md:ml-auto">
          <CliCommand command={commandCommands.play(id, speed, idle)} />
        </div>
      </div>
    </div>
  );
}

function Bar({ player }: { player: State }) {
  const { playing, position, toggle, seek } = player;
  const words = `${duration(position)} of ${duration(player.duration)}`;
  return (
    <div className="flex items-center gap-3">
      <Button look="main" size="icon" aria-label={playing ? "Pause" : "Play"} onClick={toggle}>
        {playing ? <Pause /> : <Play />}
      </Button>
      <input
        type="range"
        aria-label="Position"
        aria-valuetext={words}
        className="min-w-0 flex-1 accent-accent"
        min={0}
        max={player.duration}
        step="any"
        value={position}
        onChange={(event) => seek(Number(event.target.value))}
      />
      <span className="text-sm whitespace-nowrap tabular-nums">{words}</span>
    </div>
  );
}
