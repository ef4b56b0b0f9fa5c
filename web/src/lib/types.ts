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

/** Where a page stands in its list; `page` begins at 1. */
export interface Pagination {
  total: number;
  page: number;
  pages: number;
  limit: number;
  hasNext: boolean;
  hasPrev: boolean;
}

export type LeadStatus =
  | "new"
  | "contacted"
  | "qualified"
  | "hot_transfer"
  | "video_sent"
  | "zoom_scheduled"
  | "closed"
  | "disqualified";

/** What of a lead people write. */
export interface LeadFields {
  firstName: string;
  lastName: string;
  phone: string;
  email: string | null;
  source: string | null;
  initialInterest: string | null;
  status: LeadStatus;
  timezone: string | null;
  state: string | null;
  city: string | null;
  currentIncomeRange: string | null;
  desiredIncomeRange: string | null;
  timeAvailability: string | null;
  experienceLevel: string | null;
  kevinNotes: string | null;
  doNotCall: boolean;
}

/** One element of GET /api/leads. */
export interface Lead extends LeadFields {
  id: string;
  qualificationScore: number;
  lastContacted: string | null;
  nextFollowup: string | null;
  /** Grows with each change. */
  version: number;
  createdAt: string;
  updatedAt: string;
  lastCall: {
    id: string;
    startTime: string;
    endTime: string | null;
    finalStatus: string | null;
    engagementScore: number | null;
  } | null;
}

export interface LeadStage {
  from: LeadStatus | null;
  to: LeadStatus;
  cause: string;
  changedAt: string;
}

/** GET /api/leads/:id. */
export interface LeadDetail extends Lead {
  stageHistory: LeadStage[];
}

/** Figures of a period, and how they differ from those of the one before. */
export interface DashboardFigures {
  activeCalls: number;
  dailyTotal: number;
  totalCalls: number;
  totalLeads: number;
  /** In percent; null of nothing. */
  conversionRate: number | null;
}

/** GET /api/analytics/dashboard. */
export interface Dashboard {
  asOf: string;
  period: { from: string; to: string; timezone: string };
  summary: DashboardFigures & { delta: Record<keyof DashboardFigures, number | null> };
  trends: {
    calls: { date: string; calls: number; connected: number; transfers: number; successful: number }[];
  };
  funnel: { stage: LeadStatus; count: number; conversionRate: number | null; dropOff: number | null }[];
}

/** A share of n in percent with its 95 % interval (0-1); of nothing, all but n is null. */
export interface Rate {
  n: number;
  percent: number | null;
  ci95: [number, number] | null;
}

/** GET /api/analytics/performance, as far as it is shown. */
export interface Performance {
  rates: Record<"connect" | "completion" | "transfer" | "success", Rate>;
  durations: { avgSec: number | null; p50Sec: number | null; p95Sec: number | null };
}

export interface Account extends User {
  isActive: boolean;
  createdAt: string;
  lastLoginAt: string | null;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  /** null: all. */
  scopes: string[] | null;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
}

/** Answer to POST /api/keys: the only place where the key itself is told. */
export interface NewApiKey extends ApiKey {
  key: string;
}

/** Answer to POST /api/leads/import. */
export interface ImportReport {
  dryRun: boolean;
  rows: number;
  new: number;
  duplicate: number;
  invalid: number;
  doNotCall: number;
  problems: { line: number; verdict: "duplicate" | "invalid" | "doNotCall"; field: string | null; message: string }[];
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

export type TransferState =
  | "requested"
  | "dialing"
  | "screening"
  | "briefing"
  | "joining"
  | "joined"
  | "ended"
  | "declined"
  | "no_answer"
  | "busy"
  | "voicemail"
  | "lead_left"
  | "failed"
  | "canceled";

/** The latest transfer of a call. */
export interface CallTransfer {
  id: string;
  state: TransferState;
  /** 1 for the first of the call. */
  attempt: number;
  failureReason: string | null;
  initiatedAt: string;
  answeredAt: string | null;
  joinedAt: string | null;
  endedAt: string | null;
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
  state: TransferState;
  failureReason: string | null;
  message: string;
}

export type Speaker = "agent" | "prospect" | "kevin";

export interface TranscriptEntry {
  id: string;
  speaker: Speaker;
  text: string;
  timestamp: string;
  phase: number | null;
}

/** One step in a call's life; what belongs to it depends on its kind. */
export interface TimelineStep {
  at: string;
  kind: string;
  phase?: number | null;
  name?: string | null;
  score?: number;
  answeredBy?: string | null;
  success?: boolean | null;
  state?: TransferState;
  failureReason?: string | null;
  status?: CallStatus;
  finalStatus?: string | null;
  endReason?: string | null;
}

export type RecordingStatus = "none" | "recording" | "processing" | "available" | "failed";

export interface RecordingState {
  status: RecordingStatus;
  durationSec: number | null;
  channels: "single" | "dual" | null;
}

/** A file of a call; `url` works without a token until `expiresAt`. */
export interface Recording {
  id: string;
  channels: "single" | "dual" | null;
  format: string | null;
  bytes: number | null;
  durationSec: number | null;
  startedAt: string | null;
  endedAt: string | null;
  status: RecordingStatus;
  url?: string | null;
  expiresAt?: string | null;
}

/** Answer to GET /api/calls/:id/recording. */
export interface CallRecordings {
  callId: string;
  recording: RecordingState;
  recordings: Recording[];
}

export interface EngagementReport {
  phase: number | null;
  score: number;
  timestamp: string;
}

export interface PhasePassed {
  phase: number;
  name: string;
  enteredAt: string;
  leftAt: string | null;
  durationMs: number | null;
  outcome: string | null;
}

/** One element of GET /api/calls. */
export interface CallSummary extends ActiveCall {
  finalStatus: string | null;
  endReason: string | null;
  answeredBy: "human" | "machine" | "unknown" | null;
  endTime: string | null;
  transferSuccess: boolean | null;
  agentVersion: string | null;
}

/** GET /api/calls/:id. */
export interface CallDetail extends CallSummary {
  phases: { current: number | null; completed: number; progression: PhasePassed[] };
  engagement: { score: number | null; peak: number | null; indicators: EngagementReport[] };
  transcript: TranscriptEntry[];
  timeline: TimelineStep[];
  recording: RecordingState;
  strategies: string[];
  notes: string | null;
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

/** Hours of a day of the week, 0 being Sunday; times are HH:MM in the schedule's zone. */
export interface Slot {
  dayOfWeek: number;
  startTime: string;
  endTime: string;
  isActive: boolean;
}

/** One day which is not like the others of its weekday. */
export interface ScheduleException {
  date: string;
  available: boolean;
  startTime: string | null;
  endTime: string | null;
  note: string | null;
}

export interface Schedule {
  timezone: string;
  slots: Slot[];
  exceptions: ScheduleException[];
  isWithinSchedule: boolean;
  nextChange: string | null;
}

export type ConversionResult = "scheduled" | "closed" | "followup" | "declined";

/** One element of GET /api/kevin/transfers. */
export interface TransferSummary {
  id: string;
  callId: string;
  leadId: string;
  leadName: string;
  attempt: number;
  state: TransferState;
  failureReason: string | null;
  note: string | null;
  initiatedAt: string;
  joinedAt: string | null;
  endedAt: string | null;
  durationSec: number;
  engagementScoreAtTransfer: number | null;
  phaseAtTransfer: number | null;
  conversionResult: ConversionResult | null;
  kevinRating: number | null;
  notes: string | null;
  nextFollowup: string | null;
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
  phaseName?: string | null;
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
  attempt: number;
  state: TransferState;
  failureReason: string | null;
}

export interface CallTranscript extends Stored {
  callId: string;
  transcript: TranscriptEntry[];
}

export interface CallRecordingChanged extends Stored {
  callId: string;
  recording: RecordingState;
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

export interface LeadDeleted extends Stored {
  leadId: string;
}

export interface LeadsImported extends Stored {
  count: number;
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
  "call:transcript": CallTranscript;
  "call:recording": CallRecordingChanged;
  "transfer-opportunity": TransferOpportunity;
  "kevin-availability-changed": KevinChanged;
  "lead:created": LeadCreated;
  "lead:updated": LeadUpdated;
  "lead:deleted": LeadDeleted;
  "leads:imported": LeadsImported;
}

/** A realtime event together with its name. */
export type LiveEvent = { [K in keyof LiveEvents]: { type: K; payload: LiveEvents[K] } }[keyof LiveEvents];

/** Acknowledgement of every event a client sends. */
export interface Ack {
  success: boolean;
  error?: string;
}
