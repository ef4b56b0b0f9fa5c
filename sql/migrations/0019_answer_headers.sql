-- The headers of an answer that are kept with it.

alter table vals.idempotency_keys
add column etag text,
add column location text;
comment on column vals.idempotency_keys.etag is 'header of the answer, null: it had none';
comment on column vals.idempotency_keys.location is 'likewise: where what was made is found';
