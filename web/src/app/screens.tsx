/*
 * The screens of the dashboard: one row each is all a new one needs here.
 */
import { Activity } from "lucide-react";
import type { ComponentType } from "react";
import { LiveBoard } from "@/features/calls/LiveBoard";
import type { Role } from "@/lib/types";

export interface Screen {
  path: string;
  title: string;
  icon: typeof Activity;
  /** Who sees it in the navigation and may open it. */
  roles: readonly Role[];
  view: ComponentType;
}

export const SCREENS: readonly Screen[] = [
  {
    path: "/",
    title: "Live board",
    icon: Activity,
    roles: ["admin", "kevin", "operator", "analyst"],
    view: LiveBoard,
  },
];
