/*
 * operations/audio.mjs - speech, keys, recording and transcription on one leg
 */
import { refusal } from '../errors.mjs';
import { callScope } from './scopes.mjs';

const PAYLOAD_MAX = 3000;
const DIGITS = /^[0-9#*]+$/;
const TRACKS = new Set(['inbound', 'outbound', 'both']);

const DONE = { data: { result: 'ok' } };

/* Options whose effect is not simulated; to ignore them would hide mistakes. */
function refuseOptions(body, options) {
  for (const option of options)
    if (body[option] !== undefined)
      throw refusal('NOT_SIMULATED', `The effect of '${option}' is not simulated.`, `/${option}`);
}

function checkPayload({ payload }) {
  if (!payload.length || payload.length > PAYLOAD_MAX)
    throw refusal('OUT_OF_RANGE', `The text may have up to ${PAYLOAD_MAX} characters.`, '/payload');
}

function checkSpeak(body) {
  checkPayload(body);
  refuseOptions(body, ['loop', 'target_legs', 'stop']);
}

function checkGather(body) {
  checkPayload(body);
  const { valid_digits: valid, minimum_digits: least = 1, maximum_digits: most = 128, maximum_tries: tries = 3 } = body;
  if (valid !== undefined && !DIGITS.test(valid))
    throw refusal('INVALID', 'Only digits, # and * can be pressed.', '/valid_digits');
  if (least < 1 || most > 128 || least > most)
    throw refusal('OUT_OF_RANGE', 'The number of digits is out of range.', '/maximum_digits');
  if (tries < 1) throw refusal('OUT_OF_RANGE', 'At least one try.', '/maximum_tries');
}

function checkRecord(body) {
  refuseOptions(body, ['transcription', 'timeout_secs', 'trim', 'max_length', 'custom_file_name']);
}

function checkTracks({ transcription_tracks: tracks = 'inbound' }) {
  if (!TRACKS.has(tracks)) throw refusal('INVALID', 'No such tracks.', '/transcription_tracks');
}

/* An operation on an answered leg; `act` may throw a Refusal. */
const onAnsweredLeg = (name, act, check) => ({
  scope: callScope,
  check,
  run: ({ account, params, body }) => {
    const leg = account.answeredLeg(params.call_control_id);
    act(leg, body);
    leg.clientState = body.client_state ?? leg.clientState;
    leg.note(name);
    return DONE;
  },
});

function record(leg, body) {
  if (leg.recording) throw refusal('NOT_SIMULATED', 'Two recordings at once are not simulated.');
  if (Date.now() < Date.parse(leg.answeredAt) + leg.behaviour.audioMs)
    throw refusal('AUDIO_NOT_YET', 'The recording was started before there was audio.');
  leg.record(body);
}

function transcribe(leg) {
  if (leg.transcriber) throw refusal('ALREADY_TRANSCRIBING', 'This call is transcribed already.');
  leg.transcribe();
}

export const audio = Object.fromEntries(
  [
    ['SpeakCall', (leg, { payload }) => leg.speak(payload), checkSpeak],
    ['StopCallPlayback', (leg) => leg.speech?.stop()],
    ['GatherUsingSpeak', (leg, body) => leg.ask(body), checkGather],
    ['StopCallGather', (leg) => leg.gather?.end('cancelled')],
    ['StartCallRecord', record, checkRecord],
    ['StopCallRecording', (leg) => leg.stopRecording()],
    ['StartCallTranscription', transcribe, checkTracks],
    ['StopCallTranscription', (leg) => (leg.transcriber = null)],
  ].map(([name, act, check]) => [name, onAnsweredLeg(name, act, check)]),
);
