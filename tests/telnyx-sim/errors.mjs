/*
 * errors.mjs - the provider's refusals: status, code, title, envelope
 *
 * A handler throws refusal(NAME, ...); the server turns it into the answer.
 * Statuses and codes are those of the provider's description.  NOT_SIMULATED
 * is ours: it says that this stand-in, not the provider, cannot do it; a final
 * status, so that no client tries again.
 */
const REFUSALS = {
  UNREADABLE: [400, '10015', 'Bad Request'],
  BAD_ENCODING: [400, '10028', 'Character encoding error'],
  UNAUTHENTICATED: [401, '10009', 'Authentication failed'],
  NOT_FOUND: [404, '10007', 'Resource not found'],
  BAD_METHOD: [405, '10007', 'Method not allowed'],
  TOO_LARGE: [413, '10015', 'Request too large'],
  MISSING: [422, '10004', 'Missing required parameter'],
  INVALID: [422, '10015', 'Invalid value'],
  NOT_E164: [422, '10016', 'Phone number must be in +E164 format'],
  BAD_ENUM: [422, '10032', 'Invalid enumerated value'],
  OUT_OF_RANGE: [422, '10033', 'Value outside of range'],
  UNKNOWN_CALL: [422, '90015', 'Invalid Call Control ID'],
  CALL_ENDED: [422, '90018', 'Call has already ended'],
  AUDIO_NOT_YET: [422, '90020', 'Call recording triggered before audio started'],
  ALREADY_TRANSCRIBING: [422, '90054', 'Call transcription is already in progress'],
  UNKNOWN_CONFERENCE: [404, '90058', 'Conference not found'],
  CONFERENCE_ENDED: [422, '90019', 'Conference has already ended'],
  CONFERENCE_FULL: [422, '90032', 'Conference is full'],
  NAME_TAKEN: [422, '90033', 'Unable to execute command'],
  UNKNOWN_RECORDING: [404, '10005', 'Resource not found'],
  NOT_SIMULATED: [422, '10015', 'Not simulated'],
  CALL_NOT_ANSWERED: [422, '90034', 'Call not answered yet'],
  DIAL_LIMIT: [429, '90103', 'Dials per second limit'],
  INTERNAL: [500, '10007', 'Internal server error'],
};

export class Refusal extends Error {
  /* problems: [{name, code, title, detail, pointer?}], at least one; name is of REFUSALS. */
  constructor(status, problems, headers = {}) {
    super(problems[0].detail);
    this.status = status;
    this.problems = problems;
    this.headers = headers;
  }

  get body() {
    return {
      errors: this.problems.map(({ name, pointer, ...problem }) =>
        pointer === undefined ? problem : { ...problem, source: { pointer } }),
    };
  }
}

/* One entry of an errors[] list. */
export function problem(name, detail, pointer) {
  const [, code, title] = REFUSALS[name];
  return { name, code, title, detail, pointer };
}

export function refusal(name, detail, pointer, headers) {
  return new Refusal(REFUSALS[name][0], [problem(name, detail, pointer)], headers);
}
