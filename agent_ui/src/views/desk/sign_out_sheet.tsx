import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useWords } from "../../words";
import type { AtWork } from "./at_work";

interface Props {
  work: AtWork;
  /** How many chats are open; with none there is nothing to ask. */
  openCount: number;
  isOpen: boolean;
  close: () => void;
}

/** Ask whoever signs out under open chats, and say what becomes of them. */
export function SignOutSheet({ work, openCount, isOpen, close }: Props) {
  const words = useWords();
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={close} isDismissable>
      <Modal className="modal">
        <Dialog className="dialog" role="alertdialog">
          <Heading slot="title" level={2}>
            {words.signOut.title(openCount)}
          </Heading>
          <p>{words.signOut.whatHappens(openCount)}</p>
          <div className="chat-acts">
            <button
              type="button"
              className="btn"
              data-look="primary"
              onClick={() => {
                close();
                void work.signOut();
              }}
            >
              {words.signOut.handBack}
            </button>
            <button type="button" className="btn" onClick={close}>
              {words.signOut.stay}
            </button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
