drop index guests_by_email;
drop table import_rows;
drop table imports;
