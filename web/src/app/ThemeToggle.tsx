import { Moon, Sun } from "lucide-react";
import { Button } from "@/components/ui/button";
import { chooseTheme, useTheme } from "@/lib/theme";

export function ThemeToggle() {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  const Icon = theme === "dark" ? Sun : Moon;
  return (
    <Button
      variant="ghost"
      size="icon"
      aria-label={`Switch to ${other} theme`}
      title={`Switch to ${other} theme`}
      data-testid="theme-toggle"
      onClick={() => chooseTheme(other)}
    >
      <Icon aria-hidden />
    </Button>
  );
}
