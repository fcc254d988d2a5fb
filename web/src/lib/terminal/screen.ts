// xterm.js as both the terminal and the player use it: it obeys what draws, and nothing that
// reaches beyond its own screen.
import "@xterm/xterm/css/xterm.css";
import { type ITerminalInitOnlyOptions, type ITerminalOptions, Terminal } from "@xterm/xterm";
import { useTheme } from "@/stores/theme";
import { terminalTheme } from "./themes";

// What a program may not ask for: links (OSC 8) that show one address and open another, the
// clipboard (OSC 52). Titles (OSC 0, 2) change nothing here: nobody listens for them.
const FORBIDDEN = [8, 52];

export function newScreen(options: ITerminalOptions & ITerminalInitOnlyOptions): Terminal {
  const terminal = new Terminal({
    fontFamily: 'ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace',
    fontSize: 13,
    minimumContrastRatio: 4.5,
    scrollback: 5_000,
    theme: terminalTheme(useTheme.getState().dark),
    ...options,
  });
  for (const code of FORBIDDEN) terminal.parser.registerOscHandler(code, () => true);
  return terminal;
}

/** Keeps the colours those of the page's theme; what it returns ends that. */
export function followTheme(terminal: Terminal): () => void {
  return useTheme.subscribe(({ dark }) => {
    terminal.options.theme = terminalTheme(dark);
  });
}
