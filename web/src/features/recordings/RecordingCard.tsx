/*
 * The recording of a call: how it stands, the button, and the files.
 */
import { CircleDot, LoaderCircle, Square } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { Alert } from "@/components/ui/alert";
import { Badge, type BadgeVariant } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader, CardTitle } from "@/components/ui/card";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import { api } from "@/lib/api";
import { formatClock, formatDuration } from "@/lib/format";
import { problemText } from "@/lib/problem";
import type { CallDetail, Recording, RecordingStatus } from "@/lib/types";
import { fetchRecordings, setRecording } from "./requests";
import { RecordingPlayer } from "./RecordingPlayer";

const LOOKS: Record<RecordingStatus, { text: string; variant: BadgeVariant }> = {
  none: { text: "Not recorded", variant: "outline" },
  recording: { text: "Recording", variant: "destructive" },
  processing: { text: "Being processed", variant: "secondary" },
  available: { text: "Available", variant: "success" },
  failed: { text: "Failed", variant: "destructive" },
};

export function RecordingCard({ call }: { call: CallDetail }) {
  const { role } = useUser();
  const isTalking = call.answeredAt !== null && call.endTime === null;
  const status = statusOf(call);
  const { text, variant } = LOOKS[status];
  return (
    <Card data-testid="recording" data-status={status}>
      <CardHeader className="flex-row items-center justify-between border-b py-4">
        <CardTitle>Recording</CardTitle>
        <Badge variant={variant} role="status">
          {status === "recording" && <CircleDot className="animate-pulse" aria-hidden />}
          {text}
        </Badge>
      </CardHeader>
      <div className="space-y-4 p-5">
        {isTalking && may(role, "calls:record") && (
          <RecordButton callId={call.id} isRecording={status === "recording"} />
        )}
        <Files callId={call.id} status={status} isTalking={isTalking} />
      </div>
    </Card>
  );
}

/** A recording ends with its call; that it is on its way is told a moment later than the end. */
function statusOf({ recording, endTime }: CallDetail): RecordingStatus {
  return recording.status === "recording" && endTime !== null ? "processing" : recording.status;
}

function RecordButton({ callId, isRecording }: { callId: string; isRecording: boolean }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  /** What comes of it is told by an event, to everybody who looks at the call. */
  async function toggle(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    try {
      await setRecording(callId, isRecording ? "stop" : "start");
    } catch (error) {
      setProblem(problemText(error));
    } finally {
      setBusy(false);
    }
  }

  const Icon = isBusy ? LoaderCircle : isRecording ? Square : CircleDot;
  return (
    <div className="space-y-2">
      <Button
        variant="outline"
        size="sm"
        aria-disabled={isBusy}
        data-testid="recording-toggle"
        onClick={() => void toggle()}
      >
        <Icon className={isBusy ? "animate-spin" : undefined} aria-hidden />
        {isRecording ? "Stop recording" : "Start recording"}
      </Button>
      {problem !== null && <Alert className="p-2 text-xs">{problem}</Alert>}
    </div>
  );
}

function Files({ callId, status, isTalking }: { callId: string; status: RecordingStatus; isTalking: boolean }) {
  const [files, setFiles] = useState<Recording[]>([]);
  const [problem, setProblem] = useState<string | null>(null);

  const load = useCallback(async (): Promise<Recording[]> => {
    const { recordings } = await fetchRecordings(callId);
    return recordings.filter((recording) => recording.status === "available");
  }, [callId]);

  // A change of the status may mean one file more.
  useEffect(() => {
    if (status === "none") return undefined;
    let isStale = false;
    load().then(
      (next) => {
        if (isStale) return;
        setFiles(next);
        setProblem(null);
      },
      (error: unknown) => {
        if (!isStale) setProblem(problemText(error));
      },
    );
    return () => {
      isStale = true;
    };
  }, [status, load]);

  if (problem !== null) return <p className="text-sm text-muted-foreground">{problem}</p>;
  if (files.length === 0) {
    return <p className="text-sm text-muted-foreground">{emptyText(status, isTalking)}</p>;
  }
  return (
    <ul className="space-y-4">
      {files.map((file) => (
        <li key={file.id} className="space-y-1.5">
          <p className="text-xs text-muted-foreground">{fileText(file)}</p>
          <RecordingPlayer
            recording={file}
            label={`Recording, ${fileText(file)}`}
            renew={async () => (await load()).find(({ id }) => id === file.id)}
          />
        </li>
      ))}
    </ul>
  );
}

function emptyText(status: RecordingStatus, isTalking: boolean): string {
  if (status === "recording") return "It can be heard soon after it is stopped.";
  if (status === "processing") return "It is on its way from the telephone provider.";
  if (status === "failed") return "The telephone provider could not record the call.";
  return isTalking ? "Both sides are recorded, each on a channel of its own." : "This call was not recorded.";
}

function fileText({ startedAt, durationSec, channels }: Recording): string {
  const parts = [
    startedAt && formatClock(startedAt, api.serverNow),
    durationSec !== null && formatDuration(durationSec),
    channels === "dual" ? "two channels" : "one channel",
  ];
  return parts.filter(Boolean).join(" · ");
}
