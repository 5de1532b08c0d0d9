/**
 * Telling the adviser of a call outside the page, where the adviser has allowed it.
 */

/** Ask whether we may, once, when the adviser sets up. */
export async function askToNotify(): Promise<void> {
  if (typeof Notification === "undefined" || Notification.permission !== "default") return;
  await Notification.requestPermission();
}

/** Show a notice, if we may; call the returned function to take it away. */
export function notify(title: string, body: string, tag: string): () => void {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return () => {};
  try {
    const notice = new Notification(title, { body, tag });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
    return () => notice.close();
  } catch {
    // Some phones allow notices from service workers only.
    return () => {};
  }
}
