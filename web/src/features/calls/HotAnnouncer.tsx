import { useLive } from "./live";
import { noticeWords } from "./notices";

/** Says aloud when a call turns hot; colour alone would tell only those who see it. */
export function HotAnnouncer() {
  const { board } = useLive();
  const latest = board.notices.find((notice) => notice.kind === "call-hot");
  const words = latest && noticeWords(latest);
  return (
    <p aria-live="polite" className="sr-only" data-testid="hot-announcer">
      {words && `${words.title}. ${words.description}.`}
    </p>
  );
}
