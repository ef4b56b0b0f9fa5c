/*
 * transcriber.mjs - what the callee says, as text
 *
 * The sentences are those of the leg's behaviour (`says`), or said by hand
 * through the control interface.  Each comes as a first half, not final, and then
 * whole.
 */
const SENTENCE_MS = 2000;

const CONFIDENCE = { interim: 0.52, final: 0.97 };

export class Transcriber {
  #leg;

  constructor(leg) {
    this.#leg = leg;
    leg.behaviour.says.forEach((text, i) => leg.later((i + 1) * SENTENCE_MS, () => this.hear(text)));
  }

  /* The callee (track inbound) or our side (outbound) said this. */
  hear(text, track = 'inbound') {
    if (this.#leg.transcriber !== this) return;
    const words = text.split(' ');
    this.#report(words.slice(0, Math.ceil(words.length / 2)).join(' '), false, track);
    this.#report(text, true, track);
  }

  #report(transcript, isFinal, track) {
    this.#leg.report('call.transcription', {
      transcription_data: {
        transcript,
        confidence: isFinal ? CONFIDENCE.final : CONFIDENCE.interim,
        is_final: isFinal,
        transcription_track: track,
      },
    });
  }
}
