import { X } from "lucide-react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useWords } from "../../words";
import type { HotKeys } from "./hot_keys";

/** The list of keys, and the switch that turns them off. */
export function KeySheet({ keys }: { keys: HotKeys }) {
  const words = useWords();
  const rows: [string, string][] = [
    ["F2", words.keys.answerOrMute],
    ["F4", words.keys.hold],
    ["F8", words.keys.transfer],
    ["Shift F8", words.keys.record],
    ["Shift F9", words.keys.end],
    ["?", words.keys.sheet],
  ];
  return (
    <ModalOverlay
      className="overlay"
      isOpen={keys.isSheetOpen}
      onOpenChange={keys.openSheet}
      isDismissable
    >
      <Modal className="modal">
        <Dialog className="dialog">
          <header>
            <Heading slot="title" level={2}>
              {words.keys.title}
            </Heading>
            <Button slot="close" className="btn" data-look="quiet" aria-label={words.close}>
              <X size={18} aria-hidden="true" />
            </Button>
          </header>
          <table className="key-list">
            <tbody>
              {rows.map(([key, what]) => (
                <tr key={key}>
                  <th scope="row">
                    <kbd>{key}</kbd>
                  </th>
                  <td>{what}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <label className="check">
            <input
              type="checkbox"
              checked={keys.isOn}
              onChange={(event) => keys.turn(event.target.checked)}
            />
            {words.keys.on}
          </label>
          <p className="muted small">{words.keys.note}</p>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
