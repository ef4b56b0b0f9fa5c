import { CircleAlert, CircleCheck, Info } from "lucide-react";
import { cn } from "@/lib/utils";
import {
  Toast,
  ToastClose,
  ToastDescription,
  ToastProvider,
  ToastTitle,
  ToastViewport,
  type ToastVariant,
} from "./toast";
import { dismissToast, useToast } from "./use-toast";

const MARKS: Record<ToastVariant, { icon: typeof Info; colour: string }> = {
  default: { icon: Info, colour: "text-primary" },
  success: { icon: CircleCheck, colour: "text-success" },
  destructive: { icon: CircleAlert, colour: "text-destructive" },
};

/** Shows the toasts; one for the whole page. Problems stay longer and are announced at once. */
export function Toaster() {
  const { toasts } = useToast();
  return (
    <ToastProvider label="Notification" swipeDirection="right">
      {toasts.map(({ id, open, title, description, variant = "default" }) => {
        const { icon: Icon, colour } = MARKS[variant];
        return (
          <Toast
            key={id}
            open={open}
            variant={variant}
            type={variant === "destructive" ? "foreground" : "background"}
            duration={variant === "destructive" ? 9_000 : 4_500}
            onOpenChange={(isOpen) => {
              if (!isOpen) dismissToast(id);
            }}
          >
            <Icon className={cn("mt-0.5 size-4 shrink-0", colour)} aria-hidden />
            <div className="min-w-0">
              <ToastTitle>{title}</ToastTitle>
              {description && <ToastDescription>{description}</ToastDescription>}
            </div>
            <ToastClose />
          </Toast>
        );
      })}
      <ToastViewport />
    </ToastProvider>
  );
}
