import { ArrowRight, CircleAlert, Eye, EyeOff, LoaderCircle } from "lucide-react";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { api } from "@/lib/api";
import { formatDuration } from "@/lib/format";
import { signInProblem, type SignInProblem } from "./sign-in-problem";

/** Whole seconds until `at`, counting down; 0 when it has passed or is null. */
function useCountdown(at: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (at === null) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [at]);
  return at === null ? 0 : Math.max(0, Math.ceil((at - now) / 1000));
}

export function SignInForm() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<SignInProblem | null>(null);
  const wait = useCountdown(problem?.retryAt ?? null);
  const passwordRef = useRef<HTMLInputElement>(null);
  const id = useId();

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy || wait > 0) return;
    setBusy(true);
    setProblem(null);
    try {
      await api.login(email.trim(), password);
    } catch (error) {
      setProblem(signInProblem(error, Date.now()));
      setBusy(false);
      passwordRef.current?.select();
    }
  }

  return (
    <form className="space-y-5" onSubmit={(event) => void submit(event)} aria-describedby={`${id}-problem`}>
      <div className="space-y-2">
        <Label htmlFor={`${id}-email`}>E-mail</Label>
        <Input
          id={`${id}-email`}
          type="email"
          name="email"
          autoComplete="username"
          autoFocus
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </div>
      <div className="space-y-2">
        <Label htmlFor={`${id}-password`}>Password</Label>
        <PasswordInput id={`${id}-password`} inputRef={passwordRef} value={password} onChange={setPassword} />
      </div>
      <ProblemLine id={`${id}-problem`} problem={problem} wait={wait} />
      <Button type="submit" variant="magnificent" className="h-11 w-full" disabled={isBusy || wait > 0}>
        {isBusy ? <LoaderCircle className="animate-spin" aria-hidden /> : null}
        {isBusy ? "Signing in…" : "Sign in"}
        {isBusy ? null : <ArrowRight aria-hidden />}
      </Button>
    </form>
  );
}

interface PasswordInputProps {
  id: string;
  inputRef: React.RefObject<HTMLInputElement>;
  value: string;
  onChange(value: string): void;
}

function PasswordInput({ id, inputRef, value, onChange }: PasswordInputProps) {
  const [isShown, setShown] = useState(false);
  const Icon = isShown ? EyeOff : Eye;
  return (
    <div className="relative">
      <Input
        id={id}
        ref={inputRef}
        type={isShown ? "text" : "password"}
        name="password"
        autoComplete="current-password"
        className="pr-11"
        required
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <Button
        variant="ghost"
        size="icon"
        className="absolute right-1 top-1"
        aria-label={isShown ? "Hide password" : "Show password"}
        aria-pressed={isShown}
        onClick={() => setShown(!isShown)}
      >
        <Icon aria-hidden />
      </Button>
    </div>
  );
}

/** Always mounted, so that assistive technology hears the text when it appears. */
function ProblemLine({ id, problem, wait }: { id: string; problem: SignInProblem | null; wait: number }) {
  return (
    <div id={id} role="alert" data-testid="sign-in-problem">
      {problem && (
        <p className="flex gap-2 rounded-md border border-destructive/30 bg-destructive/10 p-3 text-sm text-destructive">
          <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          <span>
            {problem.text}
            {wait > 0 && <span className="tabular-nums"> Try again in {formatDuration(wait)}.</span>}
          </span>
        </p>
      )}
    </div>
  );
}
