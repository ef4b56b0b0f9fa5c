/*
 * paging.mjs - pages of a list, by cursor or by number
 */
import { refusal } from './errors.mjs';

const LIMIT = 20;

const encode = (key) => Buffer.from(key).toString('base64url');

/* The place a cursor names; the item itself may be gone by now. */
function placeOf(items, cursor, keyOf, pointer) {
  const place = items.findIndex((item) => encode(keyOf(item)) === cursor);
  if (place < 0) throw refusal('INVALID', 'The cursor is not valid any more.', pointer);
  return place;
}

/*
 * The page of `items` which `page` ({limit, size, after, before}) asks for, as
 * {items, meta}; keyOf gives an item's unique text.  Throws INVALID for a
 * cursor that names nothing.
 */
export function pageOf(items, page = {}, keyOf = String) {
  const limit = page.limit ?? page.size ?? LIMIT;
  let start = 0;
  if (page.after !== undefined) start = placeOf(items, page.after, keyOf, '/page[after]') + 1;
  else if (page.before !== undefined)
    start = Math.max(0, placeOf(items, page.before, keyOf, '/page[before]') - limit);

  const shown = items.slice(start, start + limit);
  const cursors = {};
  if (start + limit < items.length) cursors.after = encode(keyOf(shown.at(-1)));
  if (start > 0 && shown.length) cursors.before = encode(keyOf(shown[0]));
  return { items: shown, meta: { total_items: items.length, cursors } };
}

/* The page of `items` which `page` ({number, size}) asks for, as {items, meta}. */
export function numberedPageOf(items, page = {}) {
  const size = page.size ?? page.limit ?? LIMIT;
  const number = page.number ?? 1;
  return {
    items: items.slice((number - 1) * size, number * size),
    meta: {
      total_pages: Math.ceil(items.length / size),
      total_results: items.length,
      page_number: number,
      page_size: size,
    },
  };
}
