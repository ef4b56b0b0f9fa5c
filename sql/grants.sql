-- Who may execute what; everything not granted here is denied.

revoke all on schema vals, api, feed, run, admin from public;
revoke all on all functions in schema vals, api, feed, run, admin from public;
revoke all on all tables in schema vals from public;

grant usage on schema api to vals_api;
grant execute on all functions in schema api to vals_api;
grant usage on schema feed to vals_ws;
grant execute on all functions in schema feed to vals_ws;
grant usage on schema run to vals_run;
grant execute on all functions in schema run to vals_run;
grant usage on schema vals to vals_ro;
grant select on all tables in schema vals to vals_ro;
revoke select on vals.users, vals.api_keys, vals.refresh_tokens, vals.session_handles, vals.socket_states from vals_ro;
