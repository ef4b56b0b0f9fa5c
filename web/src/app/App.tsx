import { LoaderCircle } from "lucide-react";
import { Toaster } from "@/components/ui/toaster";
import { SessionProvider, useSession } from "@/features/auth/session";
import { SignIn } from "@/features/auth/SignIn";
import { LiveProvider } from "@/features/calls/live";
import { formatSentence } from "@/lib/format";
import { Logo } from "./Logo";
import { Shell } from "./Shell";

export function App() {
  return (
    <SessionProvider>
      <Page />
      <Toaster />
    </SessionProvider>
  );
}

function Page() {
  const session = useSession();
  switch (session.status) {
    case "unknown":
      return <Opening problem={session.problem} />;
    case "out":
      return <SignIn />;
    case "in":
      return (
        <LiveProvider key={session.user.id} user={session.user}>
          <Shell />
        </LiveProvider>
      );
  }
}

function Opening({ problem }: { problem: string | null }) {
  return (
    <div className="grid min-h-screen place-items-center p-6">
      <div className="flex flex-col items-center gap-5 text-center" role="status">
        <Logo />
        <LoaderCircle className="size-5 animate-spin text-muted-foreground" aria-hidden />
        <p className="max-w-xs text-sm text-muted-foreground">
          {problem ? `${formatSentence(problem)} Trying again…` : "Opening the dashboard…"}
        </p>
      </div>
    </div>
  );
}
