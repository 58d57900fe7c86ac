pub mod doctor;
pub mod migrate;
pub mod seed_demo;
pub mod serve;
pub mod work;
