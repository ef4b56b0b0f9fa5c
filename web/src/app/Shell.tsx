/*
 * The frame around every screen: navigation, connection, theme, account.
 */
import { LogOut } from "lucide-react";
import { Suspense, useEffect } from "react";
import { Button } from "@/components/ui/button";
import { InternalLink } from "@/components/ui/internal-link";
import { Skeleton } from "@/components/ui/skeleton";
import { clearToasts, toast } from "@/components/ui/use-toast";
import { useUser } from "@/features/auth/session";
import { ConnectionBadge } from "@/features/calls/ConnectionBadge";
import { KevinBanner } from "@/features/transfers/KevinBanner";
import { api } from "@/lib/api";
import { formatSlug, initials } from "@/lib/format";
import { problemText } from "@/lib/problem";
import { matchPath, usePath, type PathParams } from "@/lib/router";
import { cn } from "@/lib/utils";
import { Logo } from "./Logo";
import { ScreenBoundary } from "./ScreenBoundary";
import { SCREENS, type Screen } from "./screens";
import { ThemeToggle } from "./ThemeToggle";

export function Shell() {
  const path = usePath();
  const { role } = useUser();
  const screens = SCREENS.filter((screen) => screen.roles.includes(role));
  const { screen, params } = screenAt(screens, path);

  useEffect(() => {
    document.title = screen ? `${screen.title} · VALS` : "VALS";
    window.scrollTo(0, 0);
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
        <div className="mx-auto flex max-w-7xl 2xl:max-w-[96rem] flex-wrap items-center gap-x-3 px-4 sm:gap-x-6 sm:px-6">
          <Logo />
          <Navigation screens={screens} path={path} />
          <div className="ml-auto flex h-16 items-center gap-1 sm:gap-2">
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
        <KevinBanner />
        <ScreenBoundary key={screen?.path ?? "none"}>
          <Suspense fallback={<ScreenLoading />}>
            {screen ? <screen.view params={params} /> : <NoSuchScreen />}
          </Suspense>
        </ScreenBoundary>
      </main>
    </div>
  );
}

function screenAt(
  screens: readonly Screen[],
  path: string,
): { screen: Screen | undefined; params: PathParams } {
  for (const screen of screens) {
    const params = matchPath(screen.path, path);
    if (params) return { screen, params };
  }
  return { screen: undefined, params: {} };
}

function ScreenLoading() {
  return (
    <div className="space-y-6" role="status" aria-label="Opening">
      <Skeleton className="h-8 w-48" />
      <Skeleton className="h-64" />
    </div>
  );
}

function Navigation({ screens, path }: { screens: readonly Screen[]; path: string }) {
  return (
    <nav
      aria-label="Screens"
      className="order-last -mx-2 flex w-[calc(100%+1rem)] items-center justify-between gap-0.5 pb-2 sm:mx-0 sm:w-full sm:justify-start sm:gap-1 xl:order-none xl:w-auto xl:pb-0"
    >
      {screens.filter(({ isInNavigation }) => isInNavigation).map(({ path: to, title, icon: Icon }) => (
        <InternalLink
          key={to}
          to={to}
          isCurrent={to === path}
          className={cn(
            "flex shrink-0 flex-col items-center gap-1 rounded-md px-1.5 py-1.5 text-2xs font-medium transition-colors",
            "sm:flex-row sm:gap-2 sm:px-3 sm:py-2 sm:text-sm",
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
