/*
 * The screens of the dashboard: one row each is all a new one needs here. Their code is loaded when they open.
 */
import { Activity, ChartColumn, KeyRound, PhoneCall, UserRound, Users } from "lucide-react";
import { lazy, type ComponentType } from "react";
import type { PathParams } from "@/lib/router";
import type { Role } from "@/lib/types";

export interface ScreenProps {
  /** The named parts of the path. */
  params: PathParams;
}

export interface Screen {
  path: string;
  title: string;
  icon: typeof Activity;
  isInNavigation: boolean;
  /** Who sees it in the navigation and may open it. */
  roles: readonly Role[];
  view: ComponentType<ScreenProps>;
}

const STAFF: readonly Role[] = ["admin", "kevin", "operator", "analyst"];

export const SCREENS: readonly Screen[] = [
  {
    path: "/",
    title: "Live board",
    icon: Activity,
    isInNavigation: true,
    roles: STAFF,
    view: lazy(() => import("@/features/calls/LiveBoard")),
  },
  {
    path: "/calls",
    title: "Calls",
    icon: PhoneCall,
    isInNavigation: true,
    roles: STAFF,
    view: lazy(() => import("@/features/calls/CallsPage")),
  },
  {
    path: "/calls/:id",
    title: "Call",
    icon: PhoneCall,
    isInNavigation: false,
    roles: STAFF,
    view: lazy(() => import("@/features/calls/CallPage")),
  },
  {
    path: "/leads",
    title: "Leads",
    icon: Users,
    isInNavigation: true,
    roles: STAFF,
    view: lazy(() => import("@/features/leads/LeadsPage")),
  },
  {
    path: "/leads/:id",
    title: "Lead",
    icon: Users,
    isInNavigation: false,
    roles: STAFF,
    view: lazy(() => import("@/features/leads/LeadPage")),
  },
  {
    path: "/kevin",
    title: "Kevin",
    icon: UserRound,
    isInNavigation: true,
    roles: STAFF,
    view: lazy(() => import("@/features/kevin/KevinPage")),
  },
  {
    path: "/analytics",
    title: "Analytics",
    icon: ChartColumn,
    isInNavigation: true,
    roles: STAFF,
    view: lazy(() => import("@/features/analytics/AnalyticsPage")),
  },
  {
    path: "/team",
    title: "Team",
    icon: KeyRound,
    isInNavigation: true,
    roles: ["admin"],
    view: lazy(() => import("@/features/team/TeamPage")),
  },
];
