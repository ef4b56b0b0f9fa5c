import { ArrowDown } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { formatDuration } from "@/lib/format";
import type { CallDetail, Speaker, TranscriptEntry } from "@/lib/types";
import { cn } from "@/lib/utils";

/** This near to its end the reader is taken to follow what is said, in pixels. */
const END_SLACK = 48;

const COLOURS: Record<Speaker, string> = {
  agent: "text-muted-foreground",
  prospect: "text-primary",
  kevin: "text-magnificent-primary",
};

/**
 * What is said, as it is said. The end stays in view as long as the reader is there; whoever scrolled back keeps
 * his place, and is told how much has come since.
 */
export function Transcript({ call, isLive }: { call: CallDetail; isLive: boolean }) {
  const { transcript } = call;
  const box = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  const [seen, setSeen] = useState(transcript.length);

  useLayoutEffect(() => {
    if (isFollowing.current) toEnd();
  }, [transcript.length]);

  function toEnd(): void {
    const element = box.current;
    if (!element) return;
    element.scrollTop = element.scrollHeight;
    isFollowing.current = true;
    setSeen(transcript.length);
  }

  function noteScroll(): void {
    const element = box.current;
    if (!element) return;
    isFollowing.current = element.scrollHeight - element.scrollTop - element.clientHeight < END_SLACK;
    if (isFollowing.current) setSeen(transcript.length);
  }

  const unseen = transcript.length - seen;
  return (
    <div className="relative">
      <div
        ref={box}
        role="log"
        tabIndex={0}
        aria-label="Transcript"
        data-testid="transcript"
        onScroll={noteScroll}
        className="max-h-[28rem] min-h-40 overflow-y-auto overscroll-contain p-5 focus-visible:ring-inset focus-visible:ring-offset-0"
      >
        {transcript.length === 0 && (
          <p className="text-sm text-muted-foreground">
            {isLive ? "What is said appears here." : "Nothing was written down of this call."}
          </p>
        )}
        <ol className="space-y-2.5">
          {transcript.map((entry, i) => (
            <Line key={entry.id} entry={entry} before={transcript[i - 1]} call={call} />
          ))}
        </ol>
      </div>
      {unseen > 0 && (
        <Button
          size="sm"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 shadow-raised"
          data-testid="transcript-unseen"
          onClick={toEnd}
        >
          <ArrowDown aria-hidden />
          {unseen === 1 ? "1 new line" : `${unseen} new lines`}
        </Button>
      )}
    </div>
  );
}

interface LineProps {
  entry: TranscriptEntry;
  before: TranscriptEntry | undefined;
  call: CallDetail;
}

function Line({ entry, before, call }: LineProps) {
  const isSame = before?.speaker === entry.speaker;
  const offset = (Date.parse(entry.timestamp) - Date.parse(call.startTime)) / 1000;
  return (
    <li className="grid grid-cols-[3rem_minmax(0,1fr)] gap-3">
      <time dateTime={entry.timestamp} className="pt-0.5 text-right text-2xs tabular-nums text-muted-foreground">
        {formatDuration(offset)}
      </time>
      <div>
        <p className={cn("text-xs font-semibold", COLOURS[entry.speaker], isSame && "sr-only")}>
          {speakerName(entry.speaker, call)}
        </p>
        <p className="whitespace-pre-wrap break-words text-sm">{entry.text}</p>
      </div>
    </li>
  );
}

function speakerName(speaker: Speaker, { leadName }: CallDetail): string {
  if (speaker === "prospect") return leadName;
  return speaker === "kevin" ? "Kevin" : "Agent";
}
