import { fileURLToPath } from "node:url";
import defaultTheme from "tailwindcss/defaultTheme.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const token = (name) => `hsl(var(--${name}) / <alpha-value>)`;

/** @type {import("tailwindcss").Config} */
export default {
  darkMode: "class",
  content: [`${here}index.html`, `${here}src/**/*.{ts,tsx}`],
  theme: {
    screens: { xs: "480px", ...defaultTheme.screens },
    extend: {
      // The names of shadcn/ui; their values are in src/index.css, once for each theme.
      colors: {
        background: token("background"),
        foreground: token("foreground"),
        card: { DEFAULT: token("card"), foreground: token("card-foreground") },
        primary: { DEFAULT: token("primary"), foreground: token("primary-foreground") },
        secondary: { DEFAULT: token("secondary"), foreground: token("secondary-foreground") },
        muted: { DEFAULT: token("muted"), foreground: token("muted-foreground") },
        accent: { DEFAULT: token("accent"), foreground: token("accent-foreground") },
        destructive: { DEFAULT: token("destructive"), foreground: token("destructive-foreground") },
        success: { DEFAULT: token("success"), foreground: token("success-foreground") },
        border: token("border"),
        input: token("input"),
        ring: token("ring"),
        hot: token("hot"),
        warm: token("warm"),
        cold: token("cold"),
        "magnificent-primary": token("magnificent-primary"),
      },
      borderRadius: { lg: "var(--radius)", md: "calc(var(--radius) - 2px)", sm: "calc(var(--radius) - 4px)" },
      fontFamily: { sans: ['"Inter Variable"', ...defaultTheme.fontFamily.sans] },
      fontSize: { "2xs": ["0.6875rem", { lineHeight: "1rem" }] },
      boxShadow: {
        card: "0 1px 2px hsl(var(--shadow) / 0.05), 0 4px 16px -6px hsl(var(--shadow) / 0.08)",
        raised: "0 2px 6px hsl(var(--shadow) / 0.08), 0 16px 40px -12px hsl(var(--shadow) / 0.22)",
      },
      keyframes: {
        enter: {
          from: { opacity: "0", transform: "translateY(-6px)" },
          to: { opacity: "1", transform: "none" },
        },
        "toast-in": {
          from: { opacity: "0", transform: "translateY(12px) scale(0.98)" },
          to: { opacity: "1", transform: "none" },
        },
        "toast-out": { from: { opacity: "1" }, to: { opacity: "0", transform: "translateX(24px)" } },
        beacon: {
          "0%": { transform: "scale(1)", opacity: "0.6" },
          "75%, 100%": { transform: "scale(2.4)", opacity: "0" },
        },
      },
      animation: {
        enter: "enter 220ms ease-out",
        "toast-in": "toast-in 220ms ease-out",
        "toast-out": "toast-out 160ms ease-in forwards",
        beacon: "beacon 2s cubic-bezier(0, 0, 0.2, 1) infinite",
      },
    },
  },
};
