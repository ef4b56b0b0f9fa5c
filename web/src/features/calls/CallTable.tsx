import { PhoneOff } from "lucide-react";
import { Skeleton } from "@/components/ui/skeleton";
import { Table, TableBody, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { boardRows, transferOffer } from "./board";
import { CallRow } from "./CallRow";
import { useLive } from "./live";

export function CallTable() {
  const { board } = useLive();
  const rows = boardRows(board);
  if (!board.isLoaded && rows.length === 0) return <Loading />;
  if (rows.length === 0) return <Quiet />;
  return (
    <Table aria-label="Active calls">
      <TableHeader>
        <TableRow className="lg:border-0">
          <TableHead className="lg:pl-5">Lead</TableHead>
          <TableHead className="lg:w-[13%]">Status</TableHead>
          <TableHead className="lg:w-[8%] lg:text-right">Duration</TableHead>
          <TableHead className="lg:w-[18%]">Phase</TableHead>
          <TableHead className="lg:w-[16%]">Engagement</TableHead>
          <TableHead className="lg:w-60 lg:pr-5">
            <span className="sr-only">Transfer</span>
          </TableHead>
        </TableRow>
      </TableHeader>
      <TableBody>
        {rows.map((call) => {
          const offer = transferOffer(board, call);
          const whyNot = offer.kind === "closed" ? offer.why : null;
          return <CallRow key={call.id} call={call} offer={offer.kind} whyNot={whyNot} />;
        })}
      </TableBody>
    </Table>
  );
}

function Loading() {
  return (
    <div className="space-y-3 p-5" role="status" aria-label="Loading the calls">
      {[0, 1, 2].map((row) => (
        <Skeleton key={row} className="h-14" />
      ))}
    </div>
  );
}

function Quiet() {
  return (
    <div className="flex flex-col items-center px-6 py-20 text-center" data-testid="no-calls">
      <span className="grid size-12 place-items-center rounded-full bg-secondary text-muted-foreground">
        <PhoneOff className="size-5" aria-hidden />
      </span>
      <p className="mt-4 font-medium">No calls right now</p>
      <p className="mt-1 max-w-xs text-sm text-muted-foreground">
        The moment the voice agent dials a lead, the call appears here.
      </p>
    </div>
  );
}
