/*
 * silence.mjs - sound files in which nobody speaks
 */

const WAV_RATE = 8000;
const WAV_SAMPLE_BYTES = 2;

/* RIFF header and samples: 16-bit PCM. */
function wav(durationMs, channels) {
  const frameBytes = channels * WAV_SAMPLE_BYTES;
  const dataBytes = Math.ceil((durationMs * WAV_RATE) / 1000) * frameBytes;
  const file = Buffer.alloc(44 + dataBytes);

  file.write('RIFF', 0);
  file.writeUInt32LE(36 + dataBytes, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(WAV_RATE, 24);
  file.writeUInt32LE(WAV_RATE * frameBytes, 28);
  file.writeUInt16LE(frameBytes, 32);
  file.writeUInt16LE(WAV_SAMPLE_BYTES * 8, 34);
  file.write('data', 36);
  file.writeUInt32LE(dataBytes, 40);
  return file;
}

/*
 * Frames of MPEG-2 layer III at 16 kHz and 8 kbit/s, 36 ms and as many bytes each.
 * Side information of nothing but zeros says that the granules hold no bits,
 * which decodes to silence.
 */
const MP3_FRAME_MS = 36;
const MP3_FRAME_BYTES = 36;
const MP3_MONO = 0xc0;
const MP3_STEREO = 0x00;

function mp3(durationMs, channels) {
  const frames = Math.max(1, Math.ceil(durationMs / MP3_FRAME_MS));
  const file = Buffer.alloc(frames * MP3_FRAME_BYTES);
  for (let i = 0; i < frames; i++)
    file.set([0xff, 0xf3, 0x18, channels === 2 ? MP3_STEREO : MP3_MONO], i * MP3_FRAME_BYTES);
  return file;
}

/* A file of that length: {body, headers}.  format: mp3 or wav. */
export function silence(format, durationMs, channels) {
  if (format === 'wav') return { body: wav(durationMs, channels), headers: { 'content-type': 'audio/wav' } };
  return { body: mp3(durationMs, channels), headers: { 'content-type': 'audio/mpeg' } };
}
