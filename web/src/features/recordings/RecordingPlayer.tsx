import { useRef, useState } from "react";
import { api } from "@/lib/api";
import { problemText } from "@/lib/problem";
import type { Recording } from "@/lib/types";
import { isLinkOver } from "./link";

/** A file which a new link does not help is not asked for again before this. */
const RENEW_PAUSE_MS = 10_000;

interface RecordingPlayerProps {
  recording: Recording;
  label: string;
  /** Fetch the recordings anew and give this one, with a fresh link. */
  renew: () => Promise<Recording | undefined>;
}

/** Plays a file from its link; when the link ends meanwhile, it gets a new one and goes on where it was. */
export function RecordingPlayer({ recording, label, renew }: RecordingPlayerProps) {
  const [current, setCurrent] = useState(recording);
  const [problem, setProblem] = useState<string | null>(null);
  const audio = useRef<HTMLAudioElement>(null);
  const resume = useRef<{ at: number; isPlaying: boolean } | null>(null);
  const renewedAt = useRef(Number.NEGATIVE_INFINITY);

  async function renewLink(): Promise<void> {
    const element = audio.current;
    if (!element || resume.current) return;
    if (performance.now() - renewedAt.current < RENEW_PAUSE_MS) {
      setProblem("The recording cannot be played.");
      return;
    }
    renewedAt.current = performance.now();
    resume.current = { at: element.currentTime, isPlaying: !element.paused };
    element.pause();
    try {
      const next = await renew();
      if (!next?.url) throw new Error("The recording is no longer there.");
      setProblem(null);
      setCurrent(next);
    } catch (error) {
      resume.current = null;
      setProblem(problemText(error));
    }
  }

  /** The new link is in place: back to where it was. */
  async function takeUp(): Promise<void> {
    const element = audio.current;
    const wish = resume.current;
    if (!element || !wish) return;
    resume.current = null;
    element.currentTime = wish.at;
    if (wish.isPlaying) await element.play();
  }

  function play(): void {
    if (isLinkOver(current, api.serverNow)) void renewLink();
  }

  return (
    <div>
      <audio
        ref={audio}
        controls
        preload="metadata"
        src={current.url ?? undefined}
        aria-label={label}
        className="h-10 w-full"
        data-testid="recording-player"
        onPlay={play}
        onError={() => void renewLink()}
        onLoadedMetadata={() => void takeUp()}
      />
      {problem !== null && (
        <p role="alert" className="mt-1 text-xs text-destructive">
          {problem}
        </p>
      )}
    </div>
  );
}
