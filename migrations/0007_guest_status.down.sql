drop view current_guest_status;
drop table guest_status;
drop type guest_status_value;
