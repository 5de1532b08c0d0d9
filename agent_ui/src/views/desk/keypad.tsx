import { Grid3x3 } from "lucide-react";
import type { KeyboardEvent } from "react";
import { Button, Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import { announce } from "../../parts/announcer";
import { useWords } from "../../words";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;

/** The keypad: its keys, or the digits of the keyboard while it is open. */
export function Keypad({ pressed }: { pressed: (key: string) => void }) {
  const words = useWords();
  const nameOf = (key: string) =>
    key === "*" ? words.keypad.star : key === "#" ? words.keypad.hash : key;
  const press = (key: string) => {
    pressed(key);
    announce(words.keypad.sent(nameOf(key)));
  };
  const typed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (!(KEYS as readonly string[]).includes(event.key)) return;
    event.preventDefault();
    press(event.key);
  };
  return (
    <DialogTrigger>
      <Button className="control">
        <Grid3x3 size={20} aria-hidden="true" />
        {words.call.keypad}
      </Button>
      <Popover className="popover" placement="bottom">
        <Dialog className="keypad">
          <Heading slot="title" level={2}>
            {words.keypad.title}
          </Heading>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: its buttons do the same */}
          <div className="keys" onKeyDown={typed}>
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
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
