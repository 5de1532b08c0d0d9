import { CircleAlert } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { announce } from "../../parts/announcer";
import { useWords } from "../../words";
import type { AtWork, Seen } from "./at_work";
import type { PhoneRefusal } from "./phone_keeper";

interface Props {
  work: AtWork;
  seen: Seen;
}

/** Ask for the number of the phone on which the adviser takes the sound. */
export function PhoneDialog({ work, seen }: Props) {
  const close = () => work.choosePhone(false);
  return (
    <ModalOverlay
      className="overlay"
      isOpen={seen.choosingPhone}
      onOpenChange={close}
      isDismissable
    >
      <Modal className="modal">
        <Dialog className="dialog">
          <PhoneForm work={work} seen={seen} close={close} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function PhoneForm({ work, seen, close }: Props & { close: () => void }) {
  const words = useWords();
  const [number, setNumber] = useState(seen.phone.number ?? "");
  const [problem, setProblem] = useState<PhoneRefusal | "missing" | null>(null);
  const [isWorking, setWorking] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isWorking) return;
    setWorking(true);
    const refusal = number.trim() === "" ? "missing" : await work.usePhone(number.trim());
    setWorking(false);
    if (refusal !== null) {
      setProblem(refusal);
      return;
    }
    announce(words.phone.chosen);
    close();
  };
  return (
    <form className="phone-form" onSubmit={(event) => void submit(event)} noValidate>
      <Heading slot="title" level={2}>
        {words.phone.title}
      </Heading>
      <p id="phone-hint">{words.phone.hint}</p>
      {problem !== null && (
        <div role="alert" className="problem" id="phone-problem">
          <CircleAlert size={18} aria-hidden="true" />
          <p>{words.phone[problem]}</p>
        </div>
      )}
      <label htmlFor="phone-number">{words.phone.number}</label>
      <input
        id="phone-number"
        className="field"
        type="tel"
        value={number}
        maxLength={32}
        autoComplete="tel"
        // biome-ignore lint/a11y/noAutofocus: the person has just opened the dialog
        autoFocus
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? "phone-hint" : "phone-problem phone-hint"}
        onChange={(event) => setNumber(event.target.value)}
      />
      <div className="chat-acts">
        <button type="submit" className="btn" data-look="primary" aria-disabled={isWorking}>
          {words.phone.use}
        </button>
        <button type="button" className="btn" onClick={close}>
          {words.phone.cancel}
        </button>
      </div>
    </form>
  );
}
