// The sixteen colours of a terminal, and its ground, for the two looks of the console.
import type { ITheme } from "@xterm/xterm";

const light: ITheme = {
  background: "#ffffff",
  foreground: "#16202a",
  cursor: "#16202a",
  cursorAccent: "#ffffff",
  selectionBackground: "#b6dbd7",
  black: "#16202a",
  red: "#b42318",
  green: "#15743a",
  yellow: "#8a5300",
  blue: "#1d4ed8",
  magenta: "#9d174d",
  cyan: "#0f766e",
  white: "#9aa5ad",
  brightBlack: "#52606d",
  brightRed: "#dc2626",
  brightGreen: "#15803d",
  brightYellow: "#a16207",
  brightBlue: "#2563eb",
  brightMagenta: "#be185d",
  brightCyan: "#0e7490",
  brightWhite: "#d3dbe0",
};

const dark: ITheme = {
  background: "#0b1013",
  foreground: "#e4ebef",
  cursor: "#e4ebef",
  cursorAccent: "#0b1013",
  selectionBackground: "#24514c",
  black: "#1e2930",
  red: "#f98b80",
  green: "#4ade80",
  yellow: "#fbbf24",
  blue: "#7ab2ff",
  magenta: "#f0a0d0",
  cyan: "#2dd4bf",
  white: "#c5d0d6",
  brightBlack: "#7d8d98",
  brightRed: "#ffb4ab",
  brightGreen: "#86efac",
  brightYellow: "#fde68a",
  brightBlue: "#a8ccff",
  brightMagenta: "#f9c6e5",
  brightCyan: "#7ff0e2",
  brightWhite: "#ffffff",
};

export const terminalTheme = (isDark: boolean): ITheme => (isDark ? dark : light);
