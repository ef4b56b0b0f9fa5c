/*
 * handlers.h - every handler and field table, grouped by the file that defines it
 */
#ifndef VALS_HANDLERS_H
#define VALS_HANDLERS_H

#include "fields.h"
#include "request.h"

/* agent.c */
extern const struct field call_start_fields[], call_end_fields[], call_engagement_fields[], call_phase_fields[];
enum http_status call_start(struct request *rq);
enum http_status call_start_wait(struct request *rq);
enum http_status call_end(struct request *rq);
enum http_status call_engagement_set(struct request *rq);
enum http_status call_phase_set(struct request *rq);

/* audit.c */
extern const struct field audit_filters[];
enum http_status audit_list(struct request *rq);

/* analytics.c */
extern const struct field agent_performance_filters[], analytics_filters[];
enum http_status agent_performance(struct request *rq);
enum http_status analytics_dashboard(struct request *rq);
enum http_status analytics_performance(struct request *rq);
enum http_status analytics_conversion(struct request *rq);

/* auth.c */
extern const struct field auth_login_fields[];
enum http_status auth_login(struct request *rq);
enum http_status auth_refresh(struct request *rq);
enum http_status auth_logout(struct request *rq);
enum http_status auth_me(struct request *rq);

/* calls.c */
extern const char *const call_outcomes[];
extern const struct field lead_calls_filters[], lead_calls_create_fields[], calls_filters[],
    calls_create_fields[];
extern const struct field calls_update_fields[], calls_recording_fields[];
enum http_status lead_calls_list(struct request *rq);
enum http_status lead_calls_create(struct request *rq);
enum http_status calls_list(struct request *rq);
enum http_status calls_create(struct request *rq);
enum http_status calls_active(struct request *rq);
enum http_status calls_get(struct request *rq);
enum http_status calls_update(struct request *rq);
enum http_status calls_recording_set(struct request *rq);

/* export.c */
extern const struct field export_filters[];
enum http_status export_get(struct request *rq);

/* health.c */
enum http_status health_live(struct request *rq);
enum http_status health_ready(struct request *rq);
enum http_status health_get(struct request *rq);

/* keys.c */
extern const struct field keys_filters[], keys_create_fields[], keys_update_fields[];
enum http_status keys_list(struct request *rq);
enum http_status keys_create(struct request *rq);
enum http_status keys_get(struct request *rq);
enum http_status keys_update(struct request *rq);
enum http_status keys_delete(struct request *rq);

/* imports.c */
extern const struct field leads_import_filters[];
enum http_status leads_import(struct request *rq);

/* kevin.c */
extern const struct field kevin_availability_fields[], kevin_schedule_fields[], kevin_transfers_filters[],
    kevin_transfer_outcome_fields[];
enum http_status kevin_availability_get(struct request *rq);
enum http_status kevin_availability_set(struct request *rq);
enum http_status kevin_schedule_get(struct request *rq);
enum http_status kevin_schedule_set(struct request *rq);
enum http_status kevin_transfers_list(struct request *rq);
enum http_status kevin_transfer_outcome_set(struct request *rq);

/* leads.c */
extern const struct field leads_filters[], leads_create_fields[], leads_update_fields[];
enum http_status leads_list(struct request *rq);
enum http_status leads_create(struct request *rq);
enum http_status leads_get(struct request *rq);
enum http_status leads_update(struct request *rq);
enum http_status leads_delete(struct request *rq);

/* metrics.c */
enum http_status metrics_get(struct request *rq);

/* recordings.c */
extern const struct field recording_file_filters[];
enum http_status recordings_get(struct request *rq);
enum http_status recording_file(struct request *rq);

/* transfers.c */
extern const struct field call_transfer_fields[];
enum http_status call_transfer_start(struct request *rq);
enum http_status call_transfer_wait(struct request *rq);
enum http_status call_transfer_cancel(struct request *rq);

/* users.c */
extern const struct field users_filters[], users_create_fields[], users_update_fields[];
enum http_status users_list(struct request *rq);
enum http_status users_create(struct request *rq);
enum http_status users_get(struct request *rq);
enum http_status users_update(struct request *rq);
enum http_status users_delete(struct request *rq);

/* webhooks.c */
enum http_status webhook_receive(struct request *rq);

#endif
