/*
 * Who may sign in, and which programs may call.
 */
import { ScreenHead } from "@/components/ui/screen";
import { AccountsCard } from "./AccountsCard";
import { KeysCard } from "./KeysCard";

export default function TeamPage() {
  return (
    <div className="space-y-6">
      <ScreenHead title="Team" description="Who may sign in, and which programs may call." />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 xl:grid-cols-2">
        <AccountsCard />
        <KeysCard />
      </div>
    </div>
  );
}
