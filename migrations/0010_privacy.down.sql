drop table data_export_parts, data_exports;
drop trigger users_record_anonymisation on users;
drop trigger guests_record_anonymisation on guests;
drop trigger users_record_erasure on users;
drop trigger guests_record_erasure on guests;
drop trigger suppressions_log_erasure on suppressions;
drop table erasure_log, erasures;
drop function log_erasure(), forbid_change(), record_erasure(), record_anonymisation();
