import { Slot } from "@radix-ui/react-slot";
import { cva, type VariantProps } from "class-variance-authority";
import { forwardRef, type ButtonHTMLAttributes } from "react";
import { cn } from "@/lib/utils";

const buttonVariants = cva(
  "inline-flex items-center justify-center gap-2 whitespace-nowrap rounded-md text-sm font-medium " +
    "transition-[background-color,color,box-shadow,transform,filter] active:translate-y-px " +
    "disabled:pointer-events-none disabled:opacity-60 aria-disabled:opacity-70 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        default: "bg-primary text-primary-foreground shadow-sm hover:bg-primary/90",
        outline: "border bg-card hover:bg-accent hover:text-accent-foreground",
        ghost: "text-muted-foreground hover:bg-accent hover:text-accent-foreground",
        magnificent:
          "magnificent-gradient font-semibold shadow-[0_4px_14px_-4px_rgb(192_38_211/0.65)] " +
          "hover:shadow-[0_6px_20px_-4px_rgb(192_38_211/0.8)] hover:brightness-110",
      },
      size: {
        default: "h-10 px-4",
        sm: "h-8 px-3 text-xs",
        icon: "size-9",
      },
    },
    defaultVariants: { variant: "default", size: "default" },
  },
);

export interface ButtonProps
  extends ButtonHTMLAttributes<HTMLButtonElement>, VariantProps<typeof buttonVariants> {
  /** Render the child element with the button's looks instead of a button. */
  asChild?: boolean;
}

export const Button = forwardRef<HTMLButtonElement, ButtonProps>(
  ({ className, variant, size, asChild = false, type = "button", ...props }, ref) => {
    const classes = cn(buttonVariants({ variant, size }), className);
    if (asChild) return <Slot ref={ref} className={classes} {...props} />;
    return <button ref={ref} type={type} className={classes} {...props} />;
  },
);
Button.displayName = "Button";
