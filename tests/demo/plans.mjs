/*
 * plans.mjs - how conversations go
 *
 * A plan is a list of steps, each a few seconds of talk with an engagement report
 * and perhaps a change of phase, and an outcome.  Plans are drawn at random
 * from a handful of characters: some leads warm up and stay hot, some fade, some object.
 */

export const HOT = 85;

const PHASE = { greeting: 1, goals: 5, value: 8, objections: 9, commitment: 10, handOff: 11, wrapUp: 12 };

/* Seconds between two reports. */
const STEP_SECONDS = [2, 3.2];
const OPENER_STEP_SECONDS = [1.8, 2.1];

/*
 * curve: pairs [share of the call, score]; the score moves along it.
 * objects: the lead raises an objection on the way.  outcomes: with weights.
 */
const CHARACTERS = {
  hot: {
    weight: 34,
    steps: [26, 40],
    lastPhase: PHASE.wrapUp,
    curve: [[0, 46], [0.3, 70], [0.5, 86], [0.65, 93], [1, 90]],
    outcomes: { zoom_scheduled: 40, follow_up: 25, video_sent: 25, callback: 10 },
  },
  warm: {
    weight: 26,
    steps: [18, 28],
    lastPhase: PHASE.wrapUp,
    curve: [[0, 44], [0.4, 66], [0.75, 78], [1, 74]],
    outcomes: { video_sent: 35, follow_up: 40, callback: 25 },
  },
  objecting: {
    weight: 18,
    steps: [20, 32],
    lastPhase: PHASE.commitment,
    objects: true,
    curve: [[0, 47], [0.35, 72], [0.5, 52], [0.75, 68], [1, 76]],
    outcomes: { video_sent: 35, follow_up: 40, not_interested: 25 },
  },
  fading: {
    weight: 12,
    steps: [12, 20],
    lastPhase: PHASE.value,
    curve: [[0, 50], [0.3, 61], [0.6, 45], [1, 26]],
    outcomes: { callback: 40, not_interested: 60 },
  },
  cold: {
    weight: 10,
    steps: [5, 10],
    lastPhase: PHASE.goals,
    curve: [[0, 38], [0.5, 30], [1, 14]],
    outcomes: { not_interested: 100 },
  },
};

/* The first conversation: over 85 well within the first half minute, and hot for a while. */
const OPENER = {
  steps: [34, 34],
  stepSeconds: OPENER_STEP_SECONDS,
  lastPhase: PHASE.wrapUp,
  curve: [[0, 55], [0.08, 76], [0.14, 88], [0.5, 94], [1, 91]],
  outcomes: { zoom_scheduled: 100 },
};

/* Outcomes only for a lead who is spoken to for the first time: they end his career as a lead. */
const FAREWELLS = { disqualified: 70, do_not_call: 30 };
const FAREWELL_CHANCE = 0.15;

const INDICATORS = {
  high: ['asks-how-to-start', 'verbal-agreement', 'future-commitment', 'own-plans', 'asks-for-next-step', 'laughs'],
  middle: ['asks-questions', 'shares-background', 'active-listening', 'positive-language', 'mentions-income-goal'],
  low: ['short-answers', 'long-pauses', 'distracted', 'wants-to-end', 'doubts-the-offer'],
};

const OBJECTIONS = ['price-objection', 'time-objection', 'trust-objection', 'partner-must-agree'];

const PHASE_NOTES = {
  [PHASE.goals]: ['Wants a second income this year.', 'Saving for a house.', 'Would like to work from home.'],
  [PHASE.objections]: ['Asked what it costs to begin.', 'Worried about the time it takes.', 'Had a bad experience before.'],
  [PHASE.handOff]: ['Would like to speak with Kevin.', 'Prefers a video call this week.'],
};

const OUTCOME_NOTES = {
  zoom_scheduled: 'Appointment with Kevin agreed.',
  follow_up: 'Interested; wants to think it over.',
  video_sent: 'Asked for the video, link sent.',
  callback: 'No time now, asked to be called again.',
  not_interested: 'Polite, but not interested.',
  disqualified: 'Does not fit: not looking for anything new.',
  do_not_call: 'Asked not to be called again.',
};

const pickOne = (random, list) => list[Math.floor(random() * list.length)];

const between = (random, [low, high]) => low + random() * (high - low);

/* A key of `weights`, each with the chance of its weight. */
export function pickWeighted(random, weights) {
  const entries = Object.entries(weights);
  let rest = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [key, weight] of entries) {
    rest -= weight;
    if (rest < 0) return key;
  }
  return entries.at(-1)[0];
}

/* The height of a curve at `share`, straight between its points. */
function heightAt(curve, share) {
  const next = curve.findIndex(([at]) => at >= share);
  if (next <= 0) return curve[0][1];
  const [[fromAt, from], [toAt, to]] = [curve[next - 1], curve[next]];
  return from + ((to - from) * (share - fromAt)) / (toAt - fromAt);
}

function indicatorsFor(random, score, objection) {
  const level = score >= 75 ? 'high' : score >= 45 ? 'middle' : 'low';
  const tags = new Set([pickOne(random, INDICATORS[level]), pickOne(random, INDICATORS[level])]);
  if (objection) tags.add(objection);
  return [...tags];
}

/* The same evidence as measures; the voice agent reports either form. */
function measuresFor(random, score, secondsIntoCall) {
  return {
    positiveLanguage: Math.round(Math.min(100, score + random() * 8)),
    activeListening: Math.round(Math.min(100, score * 0.9 + random() * 10)),
    questionsAsked: Math.floor(score / 20 + random() * 2),
    interestSignals: Math.floor(score / 25),
    conversationDuration: Math.round(secondsIntoCall),
  };
}

/* Phases for `count` steps: forward to the last one, with a step back where the lead objects. */
function phasePath(character, count) {
  return Array.from({ length: count }, (_, i) => {
    const share = (i + 1) / count;
    if (character.objects && share > 0.45 && share < 0.62) return PHASE.objections;
    return Math.min(character.lastPhase, 1 + Math.floor(share * character.lastPhase));
  });
}

/*
 * The change from the phase of one step to that of the next: what became of the
 * phase that is left, and perhaps a note on it.  Null where the phase stays.
 */
function transitionFrom(random, { phase, hasObjection, rises }, nextPhase) {
  if (phase === nextPhase) return null;
  const isObjection = hasObjection && phase === PHASE.objections;
  const isPositive = random() < 0.35;
  const notes = PHASE_NOTES[phase] && random() < 0.5 ? pickOne(random, PHASE_NOTES[phase]) : undefined;

  if (isObjection) return { outcome: 'objection', notes };
  if (!rises) return { outcome: 'stalled', notes };
  return { outcome: isPositive ? 'positive' : 'advanced', notes };
}

/* Waiting time and score of each step along the character's curve; up to two decimals. */
function drawScores(random, character, count) {
  return Array.from({ length: count }, (_, i) => {
    const height = heightAt(character.curve, i / Math.max(1, count - 1)) + (random() - 0.5) * 3;
    return {
      waitMs: between(random, character.stepSeconds ?? STEP_SECONDS) * 1000,
      score: Math.round(Math.min(100, Math.max(0, height)) * 100) / 100,
    };
  });
}

/*
 * Draw a plan:
 *   {name, steps: [{waitMs, score, indicators, phase, transition}], outcome, notes}
 * transition is {outcome, notes?} of the phase that is left, where it changes, else null.
 */
export function drawPlan(random, { isOpener = false, isFirstContact = false } = {}) {
  const name = isOpener ? 'opener' : pickWeighted(random, weightsOfCharacters);
  const character = isOpener ? OPENER : CHARACTERS[name];
  const count = Math.round(between(random, character.steps));
  const objection = character.objects ? pickOne(random, OBJECTIONS) : null;
  const phases = phasePath(character, count);
  let seconds = 0;
  let before = { phase: PHASE.greeting, hasObjection: objection !== null, rises: true };

  const steps = drawScores(random, character, count).map(({ waitMs, score }, i, scores) => {
    const phase = phases[i];
    const transition = transitionFrom(random, before, phase);
    const heard = phase === PHASE.objections ? objection : null;
    seconds += waitMs / 1000;
    before = { ...before, phase, rises: score >= (scores[i - 1]?.score ?? 0) - 2 };
    const indicators =
      random() < 0.3 ? measuresFor(random, score, seconds) : indicatorsFor(random, score, heard);
    return { waitMs, score, phase, indicators, transition };
  });
  const outcome = drawOutcome(random, character, name === 'cold' && isFirstContact);
  return { name, steps, outcome, notes: OUTCOME_NOTES[outcome] };
}

const weightsOfCharacters = Object.fromEntries(
  Object.entries(CHARACTERS).map(([name, { weight }]) => [name, weight]),
);

function drawOutcome(random, character, mayPart) {
  const weights = mayPart && random() < FAREWELL_CHANCE ? FAREWELLS : character.outcomes;
  return pickWeighted(random, weights);
}
