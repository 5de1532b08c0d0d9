/** Light or dark: as the system has it, until the person chooses. */

import { useEffect, useState } from "react";
import { keep, kept } from "../wire/kept";

export type Theme = "light" | "dark";

const KEY = "contactcentre.theme";

/** Return the theme and how to change it; `atFirst` stands where nobody has chosen. */
export function useTheme(atFirst?: Theme): [Theme, (theme: Theme) => void] {
  const [chosen, setChosen] = useState<Theme | null>(() => kept<Theme>(KEY) ?? atFirst ?? null);
  useEffect(() => {
    if (chosen === null) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
  }, [chosen]);
  const choose = (theme: Theme) => {
    keep(KEY, theme);
    setChosen(theme);
  };
  return [chosen ?? ofSystem(), choose];
}

function ofSystem(): Theme {
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
