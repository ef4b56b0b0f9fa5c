import { Flame, PhoneCall, Radio } from "lucide-react";
import { Logo } from "@/app/Logo";
import { ThemeToggle } from "@/app/ThemeToggle";
import { SignInForm } from "./SignInForm";

const POINTS = [
  { icon: PhoneCall, text: "Every call of the voice agent, live, the moment it is dialled." },
  { icon: Flame, text: "Engagement scored second by second; hot leads rise to the top." },
  { icon: Radio, text: "One click brings Kevin onto the line while the lead is still talking." },
];

export function SignIn() {
  return (
    <div className="grid min-h-screen lg:grid-cols-[1.1fr_1fr]">
      <aside className="brand-panel hidden flex-col justify-between p-12 text-white lg:flex">
        <Logo className="text-white" />
        <div className="max-w-md">
          <p className="text-4xl font-semibold leading-tight tracking-tight">
            Hear the moment a lead turns hot.
          </p>
          <ul className="mt-10 space-y-5">
            {POINTS.map(({ icon: Icon, text }) => (
              <li key={text} className="flex items-start gap-4 text-white/80">
                <span className="rounded-lg bg-white/10 p-2 ring-1 ring-inset ring-white/15">
                  <Icon className="size-4 text-white" aria-hidden />
                </span>
                <span className="pt-1 text-[0.9375rem] leading-relaxed">{text}</span>
              </li>
            ))}
          </ul>
        </div>
        <p className="text-xs text-white/60">Voice Agent Learning System</p>
      </aside>
      <main className="relative flex flex-col px-6 py-6 sm:px-12">
        <div className="flex items-center justify-between lg:justify-end">
          <Logo className="lg:hidden" />
          <ThemeToggle />
        </div>
        <div className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-12">
          <h1 className="text-2xl font-semibold tracking-tight">Welcome back</h1>
          <p className="mb-8 mt-1.5 text-sm text-muted-foreground">Sign in to watch the floor live.</p>
          <SignInForm />
        </div>
      </main>
    </div>
  );
}
