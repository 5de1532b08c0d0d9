import { Keyboard, LayoutDashboard, LogOut, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import { KeyHint } from "../../parts/key_hint";
import { useTheme } from "../../parts/theme";
import type { Me } from "../../wire/made";
import { useWords } from "../../words";
import type { AtWork, Seen } from "./at_work";
import { openOf } from "./chat_keeper";
import type { HotKeys } from "./hot_keys";
import { SignOutSheet } from "./sign_out_sheet";

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
  keys: HotKeys;
}

/** The adviser's own menu: appearance, keys, sign out. */
export function AccountMenu({ me, work, seen, keys }: Props) {
  const words = useWords();
  const [theme, setTheme] = useTheme();
  const [isAsking, setAsking] = useState(false);
  const openCount = openOf(seen.chats).length;
  const isBusy = seen.desk.work.at !== "nothing";
  const other = theme === "dark" ? "light" : "dark";
  const ThemeIcon = theme === "dark" ? Sun : Moon;
  const act = (key: string | number) => {
    if (key === "theme") setTheme(other);
    if (key === "keys") keys.openSheet(true);
    if (key === "board") window.open("/board", "_blank", "noopener");
    if (key === "sign_out" && openCount > 0) setAsking(true);
    else if (key === "sign_out") void work.signOut();
  };
  return (
    <>
      <MenuTrigger>
        <Button className="me" aria-label={`${initials(me.name)}: ${words.account.menu(me.name)}`}>
          {initials(me.name)}
        </Button>
        <Popover className="popover" placement="bottom end">
          <p className="menu-person">
            <b>{me.name}</b>
            <span className="muted">
              {me.role === "supervisor" ? words.account.supervisor : words.account.adviser}
            </span>
          </p>
          <Menu
            className="menu"
            aria-label={words.account.menu(me.name)}
            onAction={act}
            disabledKeys={isBusy ? ["sign_out"] : []}
          >
            <MenuItem id="theme" className="menu-item" textValue={words.account[other]}>
              <ThemeIcon size={16} aria-hidden="true" />
              {words.account[other]}
            </MenuItem>
            <MenuItem id="keys" className="menu-item" textValue={words.account.keys}>
              <Keyboard size={16} aria-hidden="true" />
              {words.account.keys}
              <KeyHint>?</KeyHint>
            </MenuItem>
            {me.role === "supervisor" && (
              <MenuItem id="board" className="menu-item" textValue={words.account.board}>
                <LayoutDashboard size={16} aria-hidden="true" />
                {words.account.board}
              </MenuItem>
            )}
            <Separator className="menu-line" />
            <MenuItem id="sign_out" className="menu-item" textValue={words.account.signOut}>
              <LogOut size={16} aria-hidden="true" />
              {words.account.signOut}
            </MenuItem>
          </Menu>
          {isBusy && <p className="menu-note">{words.account.signOutLater}</p>}
        </Popover>
      </MenuTrigger>
      <SignOutSheet
        work={work}
        openCount={openCount}
        isOpen={isAsking}
        close={() => setAsking(false)}
      />
    </>
  );
}

/** Return the first letters of the first and the last name. */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : ""];
  return letters.map((part) => part?.charAt(0).toUpperCase() ?? "").join("");
}
