/*
 * The only module that talks to the realtime daemon.
 *
 * socket.io-client reconnects by itself after a lost transport. Two cases it leaves to us: a refused CONNECT
 * and a disconnect by the server are final to it, so they are tried again here, with a fresh token.
 */
import { io, type Socket } from "socket.io-client";
import { api } from "./api";
import { ApiError } from "./problem";
import type { Ack, LiveEvent, LiveEvents, User } from "./types";

/** `live`: events arrive. `connecting`: not yet, or not any more; being worked on. */
export type LinkState = "connecting" | "live" | "reconnecting";

export interface LiveListener {
  /** One realtime event. A stored event's replay offset, a surplus argument, is not passed on. */
  onEvent(event: LiveEvent): void;
  onLink(state: LinkState): void;
  /** Connected without recovery: what was known may be stale, a snapshot follows. */
  onFresh(): void;
  /** Calls are being watched (null), or why they are not; a refusal is asked about again later. */
  onWatching(problem: string | null): void;
}

type Viewer = Pick<User, "id" | "role">;

type ServerToClient = Record<string, (payload: unknown, offset?: string) => void>;

interface ClientToServer {
  "join-room": (request: { room: string; userId: string; role: string }, ack: (answer: Ack) => void) => void;
  "leave-room": (request: { room: string }, ack: (answer: Ack) => void) => void;
  "monitor-calls": (ack: (answer: Ack) => void) => void;
}

type LiveSocket = Socket<ServerToClient, ClientToServer>;

/** Which names are ours; a Record, so that the compiler misses none. */
const EVENT_NAMES: Record<keyof LiveEvents, true> = {
  "system-status": true,
  "active-calls-update": true,
  "call:started": true,
  "call:status": true,
  "call:engagement-update": true,
  "call:phase-transition": true,
  "call:ended": true,
  "call:transfer": true,
  "call:transcript": true,
  "call:recording": true,
  "transfer-opportunity": true,
  "kevin-availability-changed": true,
  "lead:created": true,
  "lead:updated": true,
  "lead:deleted": true,
  "leads:imported": true,
};

const RETRY_FIRST_MS = 2_000;
const RETRY_LAST_MS = 30_000;
const ACK_TIMEOUT_MS = 10_000;
const WATCH_RETRY_MS = 30_000;

/** A stay in a room. */
export interface RoomStay {
  /** Resolves once the room is entered, or when waiting for it has no sense: offline, refused, no answer. */
  entered: Promise<void>;
  /** Leave, unless somebody else here stays in it. */
  leave(): void;
}

export interface LiveLink {
  /** Enter a room; it is entered again after each connection without recovery. */
  enter(room: string): RoomStay;
  /** Disconnect for good. */
  close(): void;
}

/** Connect as `user` and report to `listener`. */
export function openLive(user: Viewer, listener: LiveListener): LiveLink {
  let wasLive = false;
  let wasRefused = false;
  let isUnwatched = true;
  let watchTimer: ReturnType<typeof setTimeout> | undefined;
  const socket: LiveSocket = io({
    auth: (send) => void authenticate(socket, wasRefused, send),
    autoConnect: false,
  });
  const retry = retrier(() => socket.connect());
  const rooms = roomKeeper(socket, user);

  async function watch(): Promise<void> {
    const problem = await watchCalls(socket, user);
    if (!socket.connected) return;
    isUnwatched = problem !== null;
    listener.onWatching(problem);
    if (problem !== null) watchTimer = setTimeout(() => void watch(), WATCH_RETRY_MS);
  }

  function lost(): void {
    clearTimeout(watchTimer);
    listener.onLink(wasLive ? "reconnecting" : "connecting");
    if (socket.active) return;
    wasRefused = true;
    retry.schedule();
  }

  socket.on("connect", () => {
    retry.reset();
    wasLive = true;
    wasRefused = false;
    listener.onLink("live");
    // Recovered: the server has put us back into our rooms and sends what was missed.
    if (socket.recovered && !isUnwatched) return;
    if (!socket.recovered) {
      listener.onFresh();
      rooms.enterAll();
    }
    void watch();
  });
  socket.on("disconnect", lost);
  socket.on("connect_error", lost);
  socket.onAny((name: string, payload: unknown) => {
    if (name in EVENT_NAMES) listener.onEvent({ type: name, payload } as LiveEvent);
  });

  listener.onLink("connecting");
  socket.connect();
  return {
    enter: rooms.enter,
    close() {
      retry.stop();
      clearTimeout(watchTimer);
      socket.off();
      socket.offAny();
      socket.disconnect();
    },
  };
}

/** The rooms somebody here wants to be in, each with how many want it. */
function roomKeeper(socket: LiveSocket, user: Viewer): Pick<LiveLink, "enter"> & { enterAll(): void } {
  const wanted = new Map<string, number>();

  async function join(room: string): Promise<void> {
    if (!socket.connected) return;
    const request = { room, userId: user.id, role: user.role };
    // Refused or unanswered, the page lives from what it fetches.
    await socket
      .timeout(ACK_TIMEOUT_MS)
      .emitWithAck("join-room", request)
      .catch(() => undefined);
  }

  function leave(room: string): void {
    const others = (wanted.get(room) ?? 1) - 1;
    if (others > 0) {
      wanted.set(room, others);
      return;
    }
    wanted.delete(room);
    if (socket.connected) socket.emit("leave-room", { room }, () => undefined);
  }

  return {
    enter(room) {
      wanted.set(room, (wanted.get(room) ?? 0) + 1);
      let isLeft = false;
      return {
        entered: join(room),
        leave() {
          if (!isLeft) leave(room);
          isLeft = true;
        },
      };
    },
    enterAll() {
      for (const room of wanted.keys()) void join(room);
    },
  };
}

/** Answer the client's question for credentials, or drop the transport so that it asks again later. */
async function authenticate(
  socket: LiveSocket,
  wasRefused: boolean,
  send: (auth: object) => void,
): Promise<void> {
  try {
    // A token which was refused is not offered again, however long it seems to have left.
    send({ token: wasRefused ? (await api.refresh()).token : await api.token() });
  } catch (error) {
    // A final refusal has signed the page out, which closes this socket; a passing one must not become a
    // CONNECT without credentials, which the server would refuse for good.
    if (error instanceof ApiError && error.isPassing) socket.io.engine.close();
  }
}

/** Enter the room and ask for the snapshot. Returns null, or why the server would not. */
async function watchCalls(socket: LiveSocket, user: Viewer): Promise<string | null> {
  const room = { room: "call-monitoring", userId: user.id, role: user.role };
  try {
    const asked = socket.timeout(ACK_TIMEOUT_MS);
    const joined = await asked.emitWithAck("join-room", room);
    const answer = joined.success ? await asked.emitWithAck("monitor-calls") : joined;
    return answer.success ? null : (answer.error ?? "The server gave no reason");
  } catch {
    return "The server did not answer";
  }
}

function retrier(action: () => void): { schedule(): void; reset(): void; stop(): void } {
  let delay = RETRY_FIRST_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    schedule() {
      clearTimeout(timer);
      timer = setTimeout(action, delay * (0.75 + Math.random() / 2));
      delay = Math.min(delay * 2, RETRY_LAST_MS);
    },
    reset() {
      delay = RETRY_FIRST_MS;
    },
    stop: () => clearTimeout(timer),
  };
}
