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

/* auth.c */
extern const struct field auth_login_fields[];
enum http_status auth_login(struct request *rq);
enum http_status auth_refresh(struct request *rq);
enum http_status auth_logout(struct request *rq);
enum http_status auth_me(struct request *rq);

/* calls.c */
enum http_status calls_active(struct request *rq);
enum http_status calls_get(struct request *rq);

/* health.c */
enum http_status health_live(struct request *rq);
enum http_status health_ready(struct request *rq);
enum http_status health_get(struct request *rq);

/* kevin.c */
extern const struct field kevin_availability_fields[];
enum http_status kevin_availability_get(struct request *rq);
enum http_status kevin_availability_set(struct request *rq);

/* leads.c */
extern const struct field leads_filters[], leads_create_fields[], leads_update_fields[];
enum http_status leads_list(struct request *rq);
enum http_status leads_create(struct request *rq);
enum http_status leads_get(struct request *rq);
enum http_status leads_update(struct request *rq);
enum http_status leads_delete(struct request *rq);

/* webhooks.c */
enum http_status webhook_receive(struct request *rq);

#endif
