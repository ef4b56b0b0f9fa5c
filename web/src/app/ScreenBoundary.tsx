/*
 * Holds a screen that failed, so that the rest of the page stays: its code could not be loaded (the connection is
 * away, or a newer dashboard was installed meanwhile), or it has a defect.
 */
import { Component, type ReactNode } from "react";
import { Button } from "@/components/ui/button";

interface Props {
  children: ReactNode;
}

interface State {
  hasFailed: boolean;
}

export class ScreenBoundary extends Component<Props, State> {
  override state: State = { hasFailed: false };

  static getDerivedStateFromError(): State {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="py-24 text-center" role="alert">
        <h1 className="text-xl font-semibold">This screen could not be opened</h1>
        <p className="mt-2 text-sm text-muted-foreground">A newer dashboard may have been installed meanwhile.</p>
        <Button className="mt-6" onClick={() => window.location.reload()}>
          Load the page again
        </Button>
      </div>
    );
  }
}
