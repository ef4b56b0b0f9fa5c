-- data.sql - 100,000 leads and 200,000 calls to measure with; names are invented, numbers fictional

insert into vals.leads (first_name, last_name, phone, email, source, city, status, qualification_score, created_at)
select (array['Ada', 'Bela', 'Carl', 'Dora', 'Emil', 'Frida', 'Gustav', 'Hanna', 'Ivo', 'Jana'])[1 + n % 10],
	(array['Adler', 'Brandt', 'Conrad', 'Dorn', 'Engel', 'Falk', 'Gruber', 'Hain', 'Iben', 'Jost', 'Kern', 'Lang', 'Moor'])[1 + n % 13]
		|| ' ' || chr(65 + n / 26 % 26) || chr(97 + n % 26),
	'+1999' || lpad(n::text, 8, '0'),
	'lead' || n || '@bench.example',
	(array['google', 'referral', 'facebook', 'website'])[1 + n % 4],
	(array['Denver', 'Boston', 'Austin'])[1 + n % 3],
	(array['new', 'contacted', 'qualified', 'closed', 'disqualified'])[1 + n % 5],
	n % 101,
	now() - n * interval '40 seconds'
from generate_series(1, 100000) n;

insert into vals.lead_stages (lead_id, from_status, to_status, cause, changed_at)
select l.id, null, 'new', 'created', l.created_at
from vals.leads l
where l.phone like '+1999%';

insert into vals.calls (lead_id, phone_number, kevin_available, status, final_status, answered_by, start_time, answered_at, end_time, score,
	score_peak, phase, agent_version)
select l.id, l.phone, l.qualification_score % 2 = 0,
	case when l.qualification_score % 4 = 0 then 'no-answer' else 'completed' end,
	case when l.qualification_score % 4 = 0 then 'no_answer' when l.qualification_score % 17 = 1 then 'closed' else 'follow_up' end,
	case when l.qualification_score % 4 > 0 then 'human' end,
	l.created_at + k * interval '1 hour',
	case when l.qualification_score % 4 > 0 then l.created_at + k * interval '1 hour' + interval '9 seconds' end,
	l.created_at + k * interval '1 hour' + interval '200 seconds',
	l.qualification_score % 100, l.qualification_score % 100, 1 + l.qualification_score % 12, 'v' || l.qualification_score % 3
from vals.leads l
	cross join generate_series(1, 2) k
where l.phone like '+1999%';

vacuum analyze vals.leads, vals.lead_stages, vals.calls, vals.lead_counts, vals.call_counts;
