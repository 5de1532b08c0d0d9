import { ChevronDown, Headphones, MicOff, Smartphone } from "lucide-react";
import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import type { Me } from "../../wire/made";
import { useWords } from "../../words";
import type { AtWork, Seen } from "./at_work";
import { PhoneDialog } from "./phone_dialog";
import { StreamMeter } from "./stream_meter";

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
}

const BROWSER = "browser";
const PHONE = "phone";
const OTHER_PHONE = "other-phone";

/** Where the adviser's sound is: the microphone's level and which one it is, or a phone. */
export function MicrophoneMenu({ me, work, seen }: Props) {
  return (
    <>
      <SoundMenu me={me} work={work} seen={seen} />
      {me.may_use_phone && <PhoneDialog work={work} seen={seen} />}
    </>
  );
}

function SoundMenu({ me, work, seen }: Props) {
  const words = useWords();
  const { microphone, phone } = seen;
  if (microphone.stream === null && !me.may_use_phone) {
    return (
      <button type="button" className="chip" onClick={() => void work.setUpMicrophone()}>
        <MicOff size={18} aria-hidden="true" />
        {words.microphone.setUp}
      </button>
    );
  }
  const act = (id: string) => {
    if (id === PHONE && phone.number !== null) void work.usePhone(phone.number);
    else if (id === PHONE || id === OTHER_PHONE) work.choosePhone(true);
    else void work.useBrowser(id === BROWSER ? null : id);
  };
  return (
    <MenuTrigger>
      <Button className="chip">
        <Shown seen={seen} />
        <ChevronDown size={15} aria-hidden="true" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu
          className="menu"
          aria-label={me.may_use_phone ? words.phone.menu : words.microphone.menu}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={chosenIn(seen)}
          onAction={(id) => act(String(id))}
        >
          {microphone.devices.map((device) => (
            <MenuItem key={device.id} id={device.id} className="menu-item" textValue={device.name}>
              {device.name}
            </MenuItem>
          ))}
          {microphone.devices.length === 0 && (
            <MenuItem id={BROWSER} className="menu-item" textValue={words.phone.inBrowser}>
              {words.phone.inBrowser}
            </MenuItem>
          )}
          {me.may_use_phone && <Separator className="menu-line" />}
          {me.may_use_phone && (
            <MenuItem
              id={PHONE}
              className="menu-item"
              textValue={words.phone.onPhone(phone.number)}
            >
              <Smartphone size={16} aria-hidden="true" />
              {words.phone.onPhone(phone.number)}
            </MenuItem>
          )}
          {me.may_use_phone && phone.number !== null && (
            <MenuItem id={OTHER_PHONE} className="menu-item" textValue={words.phone.other}>
              {words.phone.other}
            </MenuItem>
          )}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function Shown({ seen }: { seen: Seen }) {
  const words = useWords();
  const { microphone, phone } = seen;
  if (phone.isOn) {
    return (
      <>
        <Smartphone size={18} aria-hidden="true" />
        <span className="unseen">{words.phone.menu}: </span>
        <span className="num">{phone.number}</span>
      </>
    );
  }
  if (microphone.stream === null) {
    return (
      <>
        <MicOff size={18} aria-hidden="true" />
        {words.microphone.setUp}
      </>
    );
  }
  return (
    <>
      <Headphones size={18} aria-hidden="true" />
      <span className="unseen">{words.microphone.menu}</span>
      <StreamMeter stream={microphone.stream} label={words.microphone.level} />
    </>
  );
}

function chosenIn({ microphone, phone }: Seen): string[] {
  if (phone.isOn) return [PHONE];
  return microphone.chosen === null ? [] : [microphone.chosen];
}
