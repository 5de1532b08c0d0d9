import { useSpoken } from "../words";

/** The two languages, each in its own name; nothing is loaded again. */
export function LanguageSwitch() {
  const { language, words, choose } = useSpoken();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="languages" role="group" aria-label={words.switchLanguage}>
      <button
        type="button"
        lang="en-GB"
        aria-pressed={language === "en-GB"}
        onClick={() => choose("en-GB")}
      >
        English
      </button>
      <button type="button" lang="cy" aria-pressed={language === "cy"} onClick={() => choose("cy")}>
        Cymraeg
      </button>
    </div>
  );
}
