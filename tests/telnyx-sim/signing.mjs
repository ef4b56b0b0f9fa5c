/*
 * signing.mjs - the Ed25519 signature of a webhook
 *
 * Signed are the bytes `timestamp|raw body`; the signature travels in base64 in
 * telnyx-signature-ed25519, the decimal unix seconds in telnyx-timestamp.
 */
import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/* PKCS #8 header of an Ed25519 private key (RFC 8410); the 32-byte seed follows. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const SEED_HEX = /^[0-9a-f]{64}$/i;

export class Signer {
  #key;

  /* seed: 32 bytes, the raw private key. */
  constructor(seed) {
    this.#key = createPrivateKey({
      key: Buffer.concat([PKCS8_PREFIX, seed]),
      format: 'der',
      type: 'pkcs8',
    });
  }

  /* The raw 32-byte public key in base64, as the provider's portal shows it. */
  get publicKey() {
    const { x } = createPublicKey(this.#key).export({ format: 'jwk' });
    return Buffer.from(x, 'base64url').toString('base64');
  }

  /* Headers for a raw body sent at `seconds` of unix time. */
  headers(body, seconds = Math.floor(Date.now() / 1000)) {
    const message = Buffer.concat([Buffer.from(`${seconds}|`), Buffer.from(body)]);
    return {
      'telnyx-timestamp': String(seconds),
      'telnyx-signature-ed25519': sign(null, message, this.#key).toString('base64'),
    };
  }
}

function seedFromHex(text, source) {
  const hex = text.trim();
  if (!SEED_HEX.test(hex)) throw new Error(`${source} is not a seed: 64 hex digits wanted`);
  return Buffer.from(hex, 'hex');
}

/* A seed given on the command line: 64 hex digits, or the file that has them. */
export function readSeed(hexOrFile) {
  if (SEED_HEX.test(hexOrFile)) return Buffer.from(hexOrFile, 'hex');
  return seedFromHex(readFileSync(hexOrFile, 'utf8'), hexOrFile);
}

/* The seed kept in `file`, which is made, readable by its owner only, if missing. */
export function keptSeed(file) {
  const fresh = randomBytes(32);
  try {
    writeFileSync(file, `${fresh.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    return fresh;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return seedFromHex(readFileSync(file, 'utf8'), file);
  }
}

export const randomSeed = () => randomBytes(32);
