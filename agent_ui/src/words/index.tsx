/**
 * The words in the language of this page, and the switch between them: nothing is loaded again.
 */

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { forget, keep, kept } from "../wire/kept";
import type { Language } from "../wire/made";
import { cy } from "./cy";
import { en, type Words } from "./en";

export type { Words };

export const WORDS: Record<Language, Words> = { "en-GB": en, cy };

const KEY = "contactcentre.language";

interface Spoken {
  language: Language;
  words: Words;
  /** The person's own choice, which is remembered. */
  choose: (language: Language) => void;
  /** What the account says, which gives way to the person's own choice. */
  suggest: (language: Language) => void;
}

const Context = createContext<Spoken | null>(null);

/** Give the words to everything inside. */
export function Speaks({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(atFirst);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const spoken = useMemo<Spoken>(
    () => ({
      language,
      words: WORDS[language],
      choose: (wanted) => {
        keep(KEY, wanted);
        setLanguage(wanted);
      },
      suggest: (wanted) => setLanguage(kept<Language>(KEY) ?? wanted),
    }),
    [language],
  );
  return <Context value={spoken}>{children}</Context>;
}

/** Let go of a person's choice: computers are shared. */
export function forgetLanguage(): void {
  forget(KEY);
}

/** Return the words, their language, and how to change it. */
export function useSpoken(): Spoken {
  const spoken = useContext(Context);
  if (spoken === null) throw new Error("words are asked for outside of <Speaks>");
  return spoken;
}

/** Return the words. */
export function useWords(): Words {
  return useSpoken().words;
}

/** Return the title in a language, or in the other where there is none. */
export function titleIn(titles: { [language: string]: string }, language: Language): string | null {
  return titles[language] ?? titles["en-GB"] ?? titles.cy ?? null;
}

function atFirst(): Language {
  const own = kept<Language>(KEY);
  if (own === "cy" || own === "en-GB") return own;
  return navigator.language.startsWith("cy") ? "cy" : "en-GB";
}
