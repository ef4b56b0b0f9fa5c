/*
 * The frame around every screen: navigation, connection, theme, account.
 */
import { LogOut } from "lucide-react";
import { useEffect, type MouseEvent, type ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { clearToasts, toast } from "@/components/ui/use-toast";
import { useUser } from "@/features/auth/session";
import { ConnectionBadge } from "@/features/calls/ConnectionBadge";
import { api } from "@/lib/api";
import { formatSlug, initials } from "@/lib/format";
import { problemText } from "@/lib/problem";
import { navigate, usePath } from "@/lib/router";
import { cn } from "@/lib/utils";
import { Logo } from "./Logo";
import { SCREENS, type Screen } from "./screens";
import { ThemeToggle } from "./ThemeToggle";

export function Shell() {
  const path = usePath();
  const { role } = useUser();
  const screens = SCREENS.filter((screen) => screen.roles.includes(role));
  const screen = screens.find((candidate) => candidate.path === path);

  useEffect(() => {
    document.title = screen ? `${screen.title} · VALS` : "VALS";
  }, [screen]);

  return (
    <div className="min-h-screen">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-card px-4 py-2 focus:not-sr-only focus:fixed focus:left-4 focus:top-3"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-40 border-b bg-background/85 backdrop-blur">
        <div className="mx-auto flex h-16 max-w-7xl 2xl:max-w-[96rem] items-center gap-3 px-4 sm:gap-6 sm:px-6">
          <Logo />
          <Navigation screens={screens} path={path} />
          <div className="ml-auto flex items-center gap-1 sm:gap-2">
            <ConnectionBadge />
            <ThemeToggle />
            <Account />
          </div>
        </div>
      </header>
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto max-w-7xl 2xl:max-w-[96rem] px-4 py-6 outline-none sm:px-6 sm:py-8"
      >
        {screen ? <screen.view /> : <NoSuchScreen />}
      </main>
    </div>
  );
}

function Navigation({ screens, path }: { screens: readonly Screen[]; path: string }) {
  return (
    <nav aria-label="Screens" className="hidden items-center gap-1 sm:flex">
      {screens.map(({ path: to, title, icon: Icon }) => (
        <InternalLink
          key={to}
          to={to}
          isCurrent={to === path}
          className={cn(
            "flex items-center gap-2 rounded-md px-3 py-2 text-sm font-medium transition-colors",
            to === path ? "bg-accent text-accent-foreground" : "text-muted-foreground hover:text-foreground",
          )}
        >
          <Icon className="size-4" aria-hidden />
          {title}
        </InternalLink>
      ))}
    </nav>
  );
}

interface InternalLinkProps {
  to: string;
  isCurrent?: boolean;
  className?: string;
  children: ReactNode;
}

function InternalLink({ to, isCurrent = false, className, children }: InternalLinkProps) {
  function follow(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    navigate(to);
  }
  return (
    <a href={to} className={className} aria-current={isCurrent ? "page" : undefined} onClick={follow}>
      {children}
    </a>
  );
}

function Account() {
  const user = useUser();

  async function signOut(): Promise<void> {
    clearToasts();
    try {
      await api.logout();
    } catch (error) {
      toast({ title: "Signed out here only", description: problemText(error), variant: "destructive" });
    }
  }

  return (
    <div className="flex items-center gap-2 border-l pl-2 sm:gap-3 sm:pl-4">
      <span
        aria-hidden
        className="hidden size-8 place-items-center rounded-full bg-accent text-xs font-semibold text-accent-foreground xs:grid"
      >
        {initials(user.name)}
      </span>
      <div className="hidden leading-tight md:block">
        <p className="max-w-40 truncate text-sm font-medium" data-testid="user-name">
          {user.name}
        </p>
        <p className="text-2xs text-muted-foreground">{formatSlug(user.role)}</p>
      </div>
      <Button
        variant="ghost"
        size="icon"
        aria-label="Sign out"
        title="Sign out"
        data-testid="sign-out"
        onClick={() => void signOut()}
      >
        <LogOut aria-hidden />
      </Button>
    </div>
  );
}

function NoSuchScreen() {
  return (
    <div className="py-24 text-center">
      <h1 className="text-xl font-semibold">There is nothing here</h1>
      <p className="mt-2 text-sm text-muted-foreground">
        The address does not belong to any screen you can open.
      </p>
      <InternalLink to="/" className="mt-6 inline-block text-sm font-medium text-primary hover:underline">
        Go to the live board
      </InternalLink>
    </div>
  );
}
