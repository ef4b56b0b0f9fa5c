-- Who changed what, what API keys may do, and why a lead was dialled.

create table vals.audit_log (
	id bigint generated always as identity primary key,
	at timestamptz not null default clock_timestamp(),
	actor_id uuid,
	actor_role text,
	address text,
	request_id text,
	action text not null,
	subject text not null,
	subject_id uuid,
	before jsonb,
	after jsonb
);
comment on table vals.audit_log is 'every change people and programs made through the API; the changed members before and after';
comment on column vals.audit_log.actor_id is 'user or API key; null for the provider and the programs';
create index audit_log_newest on vals.audit_log (at desc, id desc);
create index audit_log_subject on vals.audit_log (subject_id, id desc);
create index audit_log_actor on vals.audit_log (actor_id, id desc);

alter table vals.api_keys add column scopes text[];
comment on column vals.api_keys.scopes is 'permissions the key may use of those its role has; null = all of them';

alter table vals.calls add column dial_check jsonb;
comment on column vals.calls.dial_check is 'the receipt of the rules at the dial: what was looked at and found; null for calls made elsewhere';

create table vals.state_zones (
	country text not null,
	state text not null,
	zones text[] not null,
	primary key (country, state)
);
comment on table vals.state_zones is 'time zones of a state; a state in two zones has both, and a call must suit both';
insert into vals.state_zones (country, state, zones)
select 'US', s, array['America/New_York']
from unnest(string_to_array('CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV', ' ')) as s
union all
select 'US', s, array['America/Chicago']
from unnest(string_to_array('AL AR IA IL LA MN MO MS OK WI', ' ')) as s
union all
select 'US', s, array['America/Denver']
from unnest(string_to_array('CO MT NM UT WY', ' ')) as s
union all
select 'US', s, array['America/Los_Angeles']
from unnest(string_to_array('CA NV WA', ' ')) as s
union all
select 'US', s, array['America/New_York', 'America/Chicago']
from unnest(string_to_array('FL IN KY MI TN', ' ')) as s
union all
select 'US', s, array['America/Chicago', 'America/Denver']
from unnest(string_to_array('KS ND NE SD TX', ' ')) as s
union all
values ('US', 'AZ', array['America/Phoenix', 'America/Denver']), ('US', 'ID', array['America/Boise', 'America/Los_Angeles']),
	('US', 'OR', array['America/Los_Angeles', 'America/Boise']), ('US', 'AK', array['America/Anchorage', 'America/Adak']),
	('US', 'HI', array['Pacific/Honolulu']), ('US', 'PR', array['America/Puerto_Rico']),
	('CA', 'BC', array['America/Vancouver', 'America/Edmonton']), ('CA', 'AB', array['America/Edmonton']),
	('CA', 'SK', array['America/Regina', 'America/Edmonton']), ('CA', 'MB', array['America/Winnipeg']),
	('CA', 'ON', array['America/Toronto', 'America/Winnipeg']), ('CA', 'QC', array['America/Toronto']),
	('CA', 'NB', array['America/Moncton']), ('CA', 'NS', array['America/Halifax']), ('CA', 'PE', array['America/Halifax']),
	('CA', 'NL', array['America/St_Johns', 'America/Halifax']);

create table vals.area_codes (
	code text primary key,
	country text not null,
	state text not null,
	foreign key (country, state) references vals.state_zones (country, state)
);
comment on table vals.area_codes is 'geographic area codes of North American numbers; source: the public numbering plan';
insert into vals.area_codes (code, country, state)
select code, 'US', state
from (values
	('AL', '205 251 256 334 659 938'), ('AK', '907'), ('AZ', '480 520 602 623 928'), ('AR', '327 479 501 870'),
	('CA', '209 213 279 310 323 341 350 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 707 714 747 760 805 818 820 831 840 858 909 916 925 949 951'),
	('CO', '303 719 720 970 983'), ('CT', '203 475 860 959'), ('DC', '202 771'), ('DE', '302'),
	('FL', '239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941 954'),
	('GA', '229 404 470 478 678 706 762 770 912 943'), ('HI', '808'), ('ID', '208 986'),
	('IL', '217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872'), ('IN', '219 260 317 463 574 765 812 930'),
	('IA', '319 515 563 641 712'), ('KS', '316 620 785 913'), ('KY', '270 364 502 606 859'), ('LA', '225 318 337 504 985'),
	('ME', '207'), ('MD', '227 240 301 410 443 667'), ('MA', '339 351 413 508 617 774 781 857 978'),
	('MI', '231 248 269 313 517 586 616 679 734 810 906 947 989'), ('MN', '218 320 507 612 651 763 924 952'), ('MS', '228 601 662 769'),
	('MO', '235 314 417 557 573 636 660 816 975'), ('MT', '406'), ('NE', '308 402 531'), ('NV', '702 725 775'), ('NH', '603'),
	('NJ', '201 551 609 640 732 848 856 862 908 973'), ('NM', '505 575'),
	('NY', '212 315 329 332 347 363 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934'),
	('NC', '252 336 472 704 743 828 910 919 980 984'), ('ND', '701'), ('OH', '216 220 234 283 326 330 380 419 436 440 513 567 614 740 937'),
	('OK', '405 539 572 580 918'), ('OR', '458 503 541 971'), ('PA', '215 223 267 272 412 445 484 570 582 610 717 724 814 835 878'),
	('PR', '787 939'), ('RI', '401'), ('SC', '803 821 839 843 854 864'), ('SD', '605'), ('TN', '423 615 629 731 865 901 931'),
	('TX', '210 214 254 281 325 346 361 409 430 432 469 512 682 713 726 737 806 817 830 832 903 915 936 940 945 956 972 979'),
	('UT', '385 435 801'), ('VT', '802'), ('VA', '276 434 540 571 686 703 757 804 826 948'), ('WA', '206 253 360 425 509 564'),
	('WV', '304 681'), ('WI', '262 274 353 414 534 608 715 920'), ('WY', '307')
) as us (state, codes)
	cross join unnest(string_to_array(codes, ' ')) as code
union all
select code, 'CA', state
from (values
	('AB', '368 403 587 780 825'), ('BC', '236 250 257 604 672 778'), ('MB', '204 431 584'), ('NB', '428 506'), ('NL', '709 879'),
	('NS', '782 902'), ('ON', '226 249 289 343 365 382 416 437 519 548 613 647 683 705 742 753 807 905 942'),
	('QC', '263 354 367 418 438 450 468 514 579 581 819 873'), ('SK', '306 474 639')
) as ca (state, codes)
	cross join unnest(string_to_array(codes, ' ')) as code;

create table vals.calling_codes (
	code text primary key,
	zones text[] not null
);
comment on table vals.calling_codes is 'time zones by international calling code, for countries with few of them; longest code wins';
insert into vals.calling_codes (code, zones)
values ('31', array['Europe/Amsterdam']), ('32', array['Europe/Brussels']), ('33', array['Europe/Paris']), ('34', array['Europe/Madrid', 'Atlantic/Canary']),
	('351', array['Europe/Lisbon', 'Atlantic/Azores']), ('353', array['Europe/Dublin']), ('358', array['Europe/Helsinki']),
	('39', array['Europe/Rome']), ('41', array['Europe/Zurich']), ('420', array['Europe/Prague']), ('43', array['Europe/Vienna']),
	('44', array['Europe/London']), ('45', array['Europe/Copenhagen']), ('46', array['Europe/Stockholm']), ('47', array['Europe/Oslo']),
	('48', array['Europe/Warsaw']), ('49', array['Europe/Berlin']), ('27', array['Africa/Johannesburg']),
	('61', array['Australia/Sydney', 'Australia/Adelaide', 'Australia/Perth']), ('64', array['Pacific/Auckland']),
	('65', array['Asia/Singapore']), ('81', array['Asia/Tokyo']), ('82', array['Asia/Seoul']), ('91', array['Asia/Kolkata']),
	('971', array['Asia/Dubai']), ('972', array['Asia/Jerusalem']);
