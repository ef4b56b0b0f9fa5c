-- data.sql - leads to search in, as many as :leads; names are invented, numbers fictional
--
-- The trigram index is made anew at the end: row by row it would take most of the time.

set maintenance_work_mem = '256MB';
drop index vals.leads_search;

insert into vals.leads (first_name, last_name, phone, email, source, status, qualification_score, created_at)
select p.first_name, p.last_name, '+1999' || lpad(p.n::text, 8, '0'),
	case p.n % 3
	when 0 then 'lead' || p.n || '@bench.example'
	when 1 then lower(left(p.first_name, 1) || '.' || split_part(p.last_name, ' ', 1)) || '.' || p.n || '@mail.example'
	end,
	'bench', (array['new', 'contacted', 'qualified', 'closed', 'disqualified'])[1 + p.n % 5], p.n % 101,
	now() - (p.n::bigint * 7919 % 1000003) * interval '20 seconds'
from (
	select n,
		(array['Ada', 'Bela', 'Carl', 'Dora', 'Emil', 'Frida', 'Gustav', 'Hanna', 'Ivo', 'Jana', 'Karl', 'Lena', 'Max', 'Nora', 'Otto', 'Paula',
			'Quirin', 'Rosa', 'Sven', 'Tilda'])[1 + n::bigint * 31 % 20] as first_name,
		(array['Adler', 'Brandt', 'Conrad', 'Dorn', 'Engel', 'Falk', 'Gruber', 'Hain', 'Iben', 'Jost', 'Kern', 'Lang', 'Müller', 'Moor', 'Neff',
			'Ortner', 'Pohl', 'Quast', 'Reuter', 'Stolz', 'Thies', 'Uhl', 'Vogt'])[1 + n::bigint * 17 % 23]
			|| ' ' || chr(65 + n / 26 % 26) || chr(97 + n % 26) as last_name
	from generate_series(1, :leads) n
) p;

create index leads_search on vals.leads using gin (search_text public.gin_trgm_ops) with (gin_pending_list_limit = 512);
vacuum analyze vals.leads, vals.lead_counts;
