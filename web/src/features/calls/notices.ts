/*
 * Notices of the board, as words and as toasts.
 */
import { useEffect, useRef } from "react";
import { toast } from "@/components/ui/use-toast";
import { transferText } from "@/features/transfers/states";
import type { TransferState } from "@/lib/types";
import type { Notice, NoticeKind } from "./board";
import { outcomeText } from "./status";

const WORDS: Record<NoticeKind, (notice: Notice) => { title: string; description: string }> = {
  "call-started": ({ subject }) => ({
    title: "New call started",
    description: `Call with ${subject} initiated`,
  }),
  "call-hot": ({ subject, detail }) => ({
    title: `${subject} is hot`,
    description: detail ?? "Ready for a transfer",
  }),
  "call-ended": ({ subject, detail }) => ({
    title: `Call with ${subject} ended`,
    description: detail ? outcomeText(detail) : "No outcome reported",
  }),
  transfer: ({ subject, detail }) => ({
    title: detail ? transferText(detail as TransferState) : "Transfer",
    description: `Transfer of ${subject}`,
  }),
  "lead-created": ({ subject, detail }) => ({
    title: `New lead: ${subject}`,
    description: detail ? `Source: ${detail}` : "No source given",
  }),
  "kevin-changed": ({ detail }) => ({
    title: `Kevin is ${detail ?? "changed"}`,
    description: "Transfer availability",
  }),
};

export function noticeWords(notice: Notice): { title: string; description: string } {
  return WORDS[notice.kind](notice);
}

/** Raise a toast for each call that starts; the other kinds only appear among the recent activity. */
export function useNoticeToasts(notices: readonly Notice[]): void {
  const shown = useRef(0);
  useEffect(() => {
    const fresh = notices.filter((notice) => notice.id > shown.current).reverse();
    shown.current = notices[0]?.id ?? shown.current;
    for (const notice of fresh) {
      if (notice.kind === "call-started") toast(noticeWords(notice));
    }
  }, [notices]);
}
