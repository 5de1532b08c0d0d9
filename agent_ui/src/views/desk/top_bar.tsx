import { LanguageSwitch } from "../../parts/language_switch";
import { Logo } from "../../parts/logo";
import type { Me } from "../../wire/made";
import { AccountMenu } from "./account_menu";
import type { AtWork, Seen } from "./at_work";
import { Healths } from "./healths";
import type { HotKeys } from "./hot_keys";
import { KeySheet } from "./key_sheet";
import { MicrophoneMenu } from "./microphone_menu";
import { PresenceControl } from "./presence_control";

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
  keys: HotKeys;
}

/** What is always there: presence, connections, microphone, language, account. */
export function TopBar({ me, work, seen, keys }: Props) {
  return (
    <header className="bar">
      <Logo />
      <PresenceControl me={me} work={work} seen={seen} />
      <div className="bar-right">
        <Healths seen={seen} />
        <MicrophoneMenu me={me} work={work} seen={seen} />
        <LanguageSwitch />
        <AccountMenu me={me} work={work} seen={seen} keys={keys} />
      </div>
      <KeySheet keys={keys} />
    </header>
  );
}
