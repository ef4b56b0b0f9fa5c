-- The size of customFields is measured on the text that was sent; jsonb prints the same
-- with blanks between its members, so the table allows for them.

alter table vals.leads
	drop constraint leads_custom_fields_size,
	add constraint leads_custom_fields_size check (length(custom_fields::text) <= 16384);
