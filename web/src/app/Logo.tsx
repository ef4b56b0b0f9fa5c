import { cn } from "@/lib/utils";

export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn("flex items-center gap-2.5", className)}>
      <span className="magnificent-gradient grid size-8 place-items-center rounded-[0.6rem] shadow-sm">
        <svg viewBox="0 0 32 32" className="size-7" aria-hidden="true">
          <path
            d="M8.5 13v6M13.5 9v14M18.5 12v8M23.5 14.5v3"
            stroke="currentColor"
            strokeWidth="2.6"
            strokeLinecap="round"
          />
        </svg>
      </span>
      <span className="text-lg font-bold tracking-tight">VALS</span>
    </span>
  );
}
