/*
 * What the server sends: REST resources and realtime payloads, written once.
 * Times are ISO 8601 UTC text; durations are whole seconds; scores 0-100.
 */

export type Role = "admin" | "kevin" | "operator" | "analyst" | "agent";

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
}

/** Answer to sign-in and refresh. `expiresIn` is in seconds. */
export interface TokenGrant {
  token: string;
  tokenType: "Bearer";
  expiresIn: number;
  user: User;
}

export type CallStatus =
  | "initiated"
  | "ringing"
  | "active"
  | "in-progress"
  | "transferring"
  | "transferred"
  | "transfer_failed"
  | "completed"
  | "no-answer"
  | "busy"
  | "failed"
  | "canceled";

/** The latest transfer of a call, as far as the board needs it. */
export interface CallTransfer {
  id: string;
  state: string;
}

/** One element of GET /api/calls/active and of `active-calls-update`. */
export interface ActiveCall {
  id: string;
  leadId: string;
  leadName: string;
  phone: string;
  phoneNumber: string;
  status: CallStatus;
  startTime: string;
  answeredAt: string | null;
  phase: number | null;
  phaseName: string | null;
  score: number | null;
  durationSec: number;
  kevinAvailable: boolean;
  transferAttempted: boolean;
  transfer: CallTransfer | null;
}

export interface TransferResult {
  callId: string;
  transferId: string;
  transferSuccess: boolean;
  status: CallStatus;
  state: string;
  message: string;
}

export interface AvailabilityOverride {
  available: boolean;
  reason: string | null;
  until: string | null;
}

export interface Availability {
  available: boolean;
  override: AvailabilityOverride | null;
  isWithinSchedule: boolean;
  onCall: boolean;
  nextAvailable: string | null;
  updatedAt: string | null;
  updatedBy: string | null;
}

export interface SystemStatus {
  activeCalls: number;
  kevinAvailable: boolean;
  /** Share of the machine in use, 0-1. */
  systemLoad: number;
  learningProgress: number;
}

/** Every stored event: `seq` is its place in the log, a decimal string. */
interface Stored {
  seq?: string;
  timestamp: string;
}

export interface CallStarted extends Stored {
  callId: string;
  leadId: string;
  leadName: string;
  phoneNumber: string;
  kevinAvailable: boolean;
}

export interface CallStatusChanged extends Stored {
  callId: string;
  status: CallStatus;
  answeredAt?: string | null;
}

export interface CallEngagement extends Stored {
  callId: string;
  engagementScore: number;
  phase: number | null;
  indicators: unknown;
}

export interface CallPhaseChanged extends Stored {
  callId: string;
  phase: number;
  phaseName: string;
  previous: number | null;
}

export interface CallEnded extends Stored {
  callId: string;
  status: CallStatus;
  finalStatus: string | null;
  endReason: string | null;
  durationSec: number;
}

export interface CallTransferred extends Stored {
  callId: string;
  success: boolean;
  kevinJoined: boolean;
  transferId: string;
  state: string;
}

export interface TransferOpportunity {
  seq?: string;
  callId: string;
  engagementScore: number;
  suggestTransfer: true;
}

export interface KevinChanged extends Stored {
  available: boolean;
  reason: string | null;
  until: string | null;
}

export interface LeadCreated extends Stored {
  leadId: string;
  name: string;
  source: string | null;
}

export interface LeadUpdated extends Stored {
  leadId: string;
  changes: { firstName?: string; lastName?: string } & Record<string, unknown>;
}

/** Realtime events the dashboard listens to, by name. */
export interface LiveEvents {
  "system-status": SystemStatus;
  "active-calls-update": ActiveCall[];
  "call:started": CallStarted;
  "call:status": CallStatusChanged;
  "call:engagement-update": CallEngagement;
  "call:phase-transition": CallPhaseChanged;
  "call:ended": CallEnded;
  "call:transfer": CallTransferred;
  "transfer-opportunity": TransferOpportunity;
  "kevin-availability-changed": KevinChanged;
  "lead:created": LeadCreated;
  "lead:updated": LeadUpdated;
}

/** A realtime event together with its name. */
export type LiveEvent = { [K in keyof LiveEvents]: { type: K; payload: LiveEvents[K] } }[keyof LiveEvents];

/** Acknowledgement of every event a client sends. */
export interface Ack {
  success: boolean;
  error?: string;
}
