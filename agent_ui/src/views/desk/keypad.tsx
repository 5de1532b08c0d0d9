import { Grid3x3 } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { announce } from "../../parts/announcer";
import { useWords } from "../../words";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;

/** The keypad: its keys, or the digits of the keyboard while it is open. */
export function Keypad({ pressed }: { pressed: (key: string) => void }) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  return (
    <div className="keypad-place">
      <button
        ref={opener}
        type="button"
        className="control"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <Grid3x3 size={20} aria-hidden="true" />
        {words.call.keypad}
      </button>
      {isOpen && <Keys id={id} pressed={pressed} close={close} />}
    </div>
  );
}

interface KeysProps {
  id: string;
  pressed: (key: string) => void;
  close: () => void;
}

function Keys({ id, pressed, close }: KeysProps) {
  const words = useWords();
  const names: Record<string, string> = { "*": words.keypad.star, "#": words.keypad.hash };
  const nameOf = (key: string) => names[key] ?? key;
  const press = (key: string) => {
    pressed(key);
    announce(words.keypad.sent(nameOf(key)));
  };
  const typed = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (!(KEYS as readonly string[]).includes(event.key)) return;
    event.preventDefault();
    press(event.key);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="keypad" id={id} role="group" aria-label={words.keypad.title} onKeyDown={typed}>
      <div className="keys">
        {KEYS.map((key, place) => (
          <button
            key={key}
            type="button"
            // biome-ignore lint/a11y/noAutofocus: the person has just opened the keypad
            autoFocus={place === 0}
            aria-label={nameOf(key)}
            onClick={() => press(key)}
          >
            {key}
          </button>
        ))}
      </div>
      <p className="muted small">{words.keypad.hint}</p>
    </div>
  );
}
