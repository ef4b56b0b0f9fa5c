/*
 * A modal dialog on the browser's own <dialog>: it keeps the focus inside, closes with Escape and gives the
 * focus back to where it was. Mounted means open.
 *
 * It stands at the end of the page, because an element that is moved, as table rows are, would lose it.
 */
import { useId, useLayoutEffect, useRef, type MouseEvent, type ReactNode, type SyntheticEvent } from "react";
import { createPortal } from "react-dom";
import { cn } from "@/lib/utils";

export interface DialogProps {
  title: ReactNode;
  description?: ReactNode;
  /** The person wants it closed: Escape, a click beside it, or a button of the content. */
  onClose: () => void;
  className?: string;
  children: ReactNode;
}

export function Dialog({ title, description, onClose, className, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!dialog?.open) dialog?.showModal();
    return () => dialog?.close();
  }, []);

  function cancel(event: SyntheticEvent): void {
    event.preventDefault();
    onClose();
  }

  /** The content covers all of the dialog, so a press on the dialog itself is one on its backdrop. */
  function press(event: MouseEvent): void {
    if (event.target === ref.current) onClose();
  }

  return createPortal(
    <dialog
      ref={ref}
      aria-labelledby={`${id}-title`}
      aria-describedby={description ? `${id}-description` : undefined}
      onCancel={cancel}
      onMouseDown={press}
      className={cn(
        "m-auto max-h-[calc(100dvh-2rem)] w-[calc(100%-2rem)] max-w-lg overflow-y-auto overscroll-contain rounded-lg border",
        "bg-card p-0 text-card-foreground shadow-raised backdrop:bg-black/50 open:animate-enter",
        className,
      )}
    >
      <div className="p-6">
        <h2 id={`${id}-title`} className="text-lg font-semibold tracking-tight">
          {title}
        </h2>
        {description && (
          <p id={`${id}-description`} className="mt-1 text-sm text-muted-foreground">
            {description}
          </p>
        )}
        <div className="mt-5">{children}</div>
      </div>
    </dialog>,
    document.body,
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">{children}</div>;
}
