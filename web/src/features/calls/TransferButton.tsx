import { LoaderCircle, PhoneForwarded } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/use-toast";
import { ApiError, problemText } from "@/lib/problem";
import { newKey } from "@/lib/key";
import type { BoardCall } from "./board";
import { transferCall } from "./requests";

/** Ask for Kevin. One intention keeps one key until the server has decided, so a retry cannot ring twice. */
export function TransferButton({ call }: { call: BoardCall }) {
  const [isBusy, setBusy] = useState(false);
  const key = useRef<string | null>(null);

  async function transfer(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    key.current ??= newKey();
    try {
      const result = await transferCall(call.id, key.current);
      key.current = null;
      toast({
        title: result.transferSuccess ? "Kevin is on the line" : "Transfer under way",
        description: result.message,
        variant: "success",
      });
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isPassing) key.current = null;
      toast({
        title: `Could not transfer ${call.leadName}`,
        description: problemText(error),
        variant: "destructive",
      });
    } finally {
      setBusy(false);
    }
  }

  return (
    <Button
      variant="magnificent"
      size="sm"
      className="h-9 w-full px-4 lg:w-auto"
      aria-busy={isBusy}
      aria-disabled={isBusy}
      aria-label={`Transfer ${call.leadName} to Kevin`}
      data-testid={`transfer-${call.id}`}
      onClick={() => void transfer()}
    >
      {isBusy ? <LoaderCircle className="animate-spin" aria-hidden /> : <PhoneForwarded aria-hidden />}
      {isBusy ? "Ringing Kevin…" : "Transfer to Kevin"}
    </Button>
  );
}
