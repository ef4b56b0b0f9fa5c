/*
 * operations/index.mjs - the operations this stand-in carries out
 *
 * One file per group of operations; each exports a map from operationId to
 *   run({account, params, query, body})   the answer's body; may throw a Refusal
 *   check(body)                           rules the description states in prose
 *   scope({params})                       within what a command_id is unique
 * check and scope are optional.  A new group is one more file and one line here.
 */
import { audio } from './audio.mjs';
import { calls } from './calls.mjs';
import { conferences } from './conferences.mjs';
import { events } from './events.mjs';
import { recordings } from './recordings.mjs';

export const operations = { ...calls, ...audio, ...conferences, ...recordings, ...events };
