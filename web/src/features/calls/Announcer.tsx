import { useLive } from "./live";
import { noticeWords } from "./notices";

/** Says aloud when a call turns hot and how a transfer goes; colour alone would tell only those who see it. */
export function Announcer() {
  const { board } = useLive();
  const latest = board.notices.find((notice) => notice.kind === "call-hot" || notice.kind === "transfer");
  const words = latest && noticeWords(latest);
  return (
    <p aria-live="polite" className="sr-only" data-testid="announcer">
      {words && `${words.title}. ${words.description}.`}
    </p>
  );
}
