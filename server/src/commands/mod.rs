pub mod doctor;
pub mod migrate;
pub mod outbox;
pub mod seed_demo;
pub mod send_test;
pub mod serve;
pub mod work;
