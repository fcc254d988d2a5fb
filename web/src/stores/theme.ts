import { create } from "zustand";

export type Theme = "system" | "light" | "dark";
const KEY = "chatops-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

interface Themes {
  theme: Theme;
  dark: boolean;
  choose: (theme: Theme) => void;
}

/** Light, dark, or as the system has it. The choice is the only thing that the page stores. */
export const useTheme = create<Themes>((set) => ({
  theme: stored(),
  dark: isDark(stored()),
  choose: (theme) => {
    localStorage.setItem(KEY, theme);
    set({ theme, dark: show(theme) });
  },
}));

show(stored());
system.addEventListener("change", () => {
  useTheme.setState(({ theme }) => ({ dark: show(theme) }));
});

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

function isDark(theme: Theme): boolean {
  return theme === "dark" || (theme === "system" && system.matches);
}

function show(theme: Theme): boolean {
  const dark = isDark(theme);
  document.documentElement.classList.toggle("dark", dark);
  return dark;
}
