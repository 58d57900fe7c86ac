drop table manual_deliveries, accesses, invitations;
