import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { cn } from "@/lib/utils";
import { Input } from "./input";

/** The pause in typing after which the change is told. */
const TYPING_MS = 300;

interface SearchBoxProps {
  label: string;
  placeholder: string;
  maxLength?: number;
  className?: string;
  value: string;
  onChange: (value: string) => void;
}

/** A text to look for; told once the typing pauses. */
export function SearchBox({ label, placeholder, maxLength, className, value, onChange }: SearchBoxProps) {
  const [text, setText] = useState(value);

  // The address may be changed by Back, too.
  useEffect(() => setText((typed) => (typed.trim() === value ? typed : value)), [value]);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = setTimeout(() => onChange(text.trim()), TYPING_MS);
    return () => clearTimeout(timer);
    // Only typing starts the pause: `value` follows what was typed, `onChange` is another one at each render.
  }, [text]);

  return (
    <div className={cn("relative min-w-0", className)}>
      <Search className="absolute left-3 top-3.5 size-4 text-muted-foreground" aria-hidden />
      <Input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        maxLength={maxLength}
        className="pl-9"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}
