import { ChevronDown, Headphones, MicOff } from "lucide-react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import type { Microphone } from "../../media/microphone";
import { useWords } from "../../words";
import type { AtWork } from "./at_work";
import { StreamMeter } from "./stream_meter";

/** The microphone's level, and which one it is. */
export function MicrophoneMenu({ work, microphone }: { work: AtWork; microphone: Microphone }) {
  const words = useWords();
  if (microphone.stream === null) {
    return (
      <button type="button" className="chip" onClick={() => void work.setUpMicrophone()}>
        <MicOff size={18} aria-hidden="true" />
        {words.microphone.setUp}
      </button>
    );
  }
  return (
    <MenuTrigger>
      <Button className="chip">
        <Headphones size={18} aria-hidden="true" />
        <span className="unseen">{words.microphone.menu}</span>
        <StreamMeter stream={microphone.stream} label={words.microphone.level} />
        <ChevronDown size={15} aria-hidden="true" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu
          className="menu"
          aria-label={words.microphone.menu}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={microphone.chosen === null ? [] : [microphone.chosen]}
          onAction={(device) => void work.setUpMicrophone(String(device))}
        >
          {microphone.devices.map((device) => (
            <MenuItem key={device.id} id={device.id} className="menu-item" textValue={device.name}>
              {device.name}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
