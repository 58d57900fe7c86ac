//! Damaged backups: the check for the damage refuses each, and the target stays unchanged.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use guestguard::secrets::sha256_hex;
use serde_json::Value;
use sqlx::PgPool;

use super::seeded;
use crate::support::{
    backups::{Place, scratch, tables},
    node::url,
};

/// A backup and its files.
struct Backup {
    key: String,
    dump: Vec<u8>,
    manifest: Value,
    sha256: String,
}

impl Backup {
    fn of(place: &Place, manifest: &Value) -> Self {
        let key = manifest["key"].as_str().unwrap().to_owned();
        let sha256 = manifest["sha256"].as_str().unwrap().to_owned();
        Self { dump: std::fs::read(place.path(&key)).unwrap(), manifest: manifest.clone(), sha256, key }
    }

    fn sql(&self) -> String {
        let mut sql = String::new();
        GzDecoder::new(self.dump.as_slice()).read_to_string(&mut sql).unwrap();
        sql
    }
}

/// Damages one backup, and repairs it before the next damage.
struct Damage<'a> {
    place: &'a Place,
    newest: &'a Backup,
    /// The undamaged files.
    files: BTreeMap<String, Vec<u8>>,
}

impl Damage<'_> {
    fn repair(&self) {
        for (name, bytes) in &self.files {
            std::fs::write(self.place.path(name), bytes).unwrap();
        }
    }

    fn dump(&self, bytes: &[u8]) {
        std::fs::write(self.place.path(&self.newest.key), bytes).unwrap();
    }

    /// Another dump with matching hashes. Anybody who can write to the store can forge one.
    fn forged(&self, bytes: &[u8]) {
        self.dump(bytes);
        let hash = sha256_hex(bytes);
        let manifest = format!("{}.json", self.newest.key);
        for name in ["database/LATEST.txt", "database/LATEST.sha256", &manifest] {
            self.place.write(name, &self.place.read(name).replace(&self.newest.sha256, &hash));
        }
    }

    fn manifest(&self, change: impl FnOnce(&mut Value)) {
        let mut manifest = self.newest.manifest.clone();
        change(&mut manifest);
        self.place.write(&format!("{}.json", self.newest.key), &manifest.to_string());
    }

    fn pointer(&self, change: impl FnOnce(String) -> String) {
        self.place.write("database/LATEST.txt", &change(self.place.read("database/LATEST.txt")));
    }

    fn hash(&self, change: impl FnOnce(String) -> String) {
        self.place.write("database/LATEST.sha256", &change(self.place.read("database/LATEST.sha256")));
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

#[apply(app_test)]
async fn every_damaged_backup_is_refused_by_the_check_for_its_damage_and_the_target_stays_empty(db: PgPool) {
    let place = Place::folder();
    let older = Backup::of(&place, &place.back_up(&db).await);
    seeded(&db, &place).await;
    let newest = Backup::of(&place, &place.back_up(&db).await);
    let names = [
        "database/LATEST.txt".to_owned(),
        "database/LATEST.sha256".to_owned(),
        newest.key.clone(),
        format!("{}.json", newest.key),
    ];
    let files = names.map(|name| (name.clone(), std::fs::read(place.path(&name)).unwrap())).into();
    let damage = Damage { place: &place, newest: &newest, files };
    let copy = scratch(&db).await;
    let mut refused = 0;
    let into = copy.url.clone();
    let mut check = async |error: &str| {
        let ran = place.run("postgres://unused", &["restore", "--from", "latest", "--into", &into]).await;
        ran.fails_with(1, error);
        assert_eq!(tables(&into).await, 0, "{error}");
        damage.repair();
        refused += 1;
    };
    let length = newest.dump.len();

    for kept in [0, 1, 10, length / 4, length / 3, length / 2, length - 1_000, length - 8, length - 1] {
        damage.dump(&newest.dump[..kept]);
        check("is damaged: it has").await;
    }
    for place in 0..16 {
        let mut bytes = newest.dump.clone();
        bytes[place * (length - 1) / 15] ^= 1 << (place % 8);
        damage.dump(&bytes);
        check("is damaged: it has").await;
    }
    damage.dump(&older.dump);
    check("is damaged: it has").await;

    // Pointers.
    let of_older = format!("{}  {}\n", older.sha256, older.key.trim_start_matches("database/"));
    damage.hash(|_| of_older);
    check("LATEST.sha256 does not match LATEST.txt").await;
    damage.pointer(|text| text.replace(&newest.key, &older.key));
    check("LATEST.sha256 does not match LATEST.txt").await;
    damage.hash(|text| text.replacen(' ', "", 1));
    check("LATEST.sha256 does not match LATEST.txt").await;
    std::fs::remove_file(place.path("database/LATEST.sha256")).unwrap();
    check("LATEST.sha256 does not match LATEST.txt").await;
    std::fs::remove_file(place.path("database/LATEST.txt")).unwrap();
    check("LATEST.txt is missing").await;
    damage.pointer(|_| String::new());
    check("LATEST.txt is damaged").await;
    damage.pointer(|text| text.lines().take(2).collect::<Vec<_>>().join("\n"));
    check("it has 2 lines instead of three").await;
    damage.pointer(|text| text.replace("database/", "elsewhere/"));
    check("which is not a backup").await;
    damage.pointer(|text| text.replacen("20", "x", 1));
    check("its first line is not a time").await;
    damage.pointer(|text| text.replace(&newest.sha256, "z"));
    check("its third line is not a SHA-256 hash").await;
    let missing = "database/2026/01/20260101T000000Z.sql.gz";
    damage.pointer(|text| text.replace(&newest.key, missing));
    damage.hash(|text| text.replace(&newest.key[9..], &missing[9..]));
    check("there is no complete backup database/2026/01").await;
    damage.pointer(|text| text.replace(&newest.key, "database/../../etc/passwd"));
    check("is not the key of a backup").await;

    // Manifests.
    std::fs::remove_file(place.path(&format!("{}.json", newest.key))).unwrap();
    check("there is no complete backup").await;
    place.write(&format!("{}.json", newest.key), "{");
    check("the manifest of").await;
    place.write(&format!("{}.json", newest.key), &older.manifest.to_string());
    check("belongs to").await;
    damage.manifest(|manifest| manifest["sha256"] = older.sha256.clone().into());
    check("have different SHA-256 hashes").await;
    damage.manifest(|manifest| manifest["tables"]["guests"]["rows"] = 17.into());
    check("guests has 18 rows instead of 17").await;
    damage.manifest(|manifest| manifest["tables"]["guests"]["checksum"] = "1".into());
    check("guests has different contents").await;
    damage.manifest(|manifest| drop(manifest["tables"].as_object_mut().unwrap().remove("guests")));
    check("which lacks guests").await;
    damage.manifest(|manifest| manifest["tables"]["tables"] = manifest["tables"]["guests"].clone());
    check("relation \"public.tables\" does not exist").await;
    damage.manifest(|manifest| manifest["postgres_version"] = 990_000.into());
    check("comes from PostgreSQL 99").await;
    damage.manifest(|manifest| manifest["schema_version"] = 99.into());
    check("has migrations that this version does not know").await;

    // Forged dumps.
    damage.forged(&newest.dump[..length / 2]);
    check("the dump is damaged").await;
    damage.forged(b"neither compressed nor SQL");
    check("the dump is damaged").await;
    damage.forged(&older.dump);
    check("the dump does not match its manifest").await;
    let sql = newest.sql();
    let half = sql.len() / 2;
    damage.forged(&gzip(&sql.as_bytes()[..sql[..half].rfind(";\n").unwrap() + 2]));
    check("loading failed, and the target is unchanged").await;
    damage.forged(&gzip(sql.replace("A long table in the garden", "A long table in the gardem").as_bytes()));
    check("events has different contents").await;
    damage.forged(&gzip(sql.replace("COPY public.rsvps ", "COPY public.rsvpz ").as_bytes()));
    check("relation \"public.rsvpz\" does not exist").await;
    let grace = sql.lines().find(|line| line.contains("demo@guestguard.example")).unwrap();
    damage.forged(&gzip(sql.replace(&format!("{grace}\n"), "").as_bytes()));
    check("loading failed").await;
    damage.forged(&gzip(b"create table public.of_another_program (id int);\n"));
    check("does not exist").await;

    // A dump that runs commands on the machine.
    let touched = place.folder.path().join("touched");
    let command = format!("\\! touch {}\n", touched.display());
    damage.forged(&gzip(sql.replacen("COPY public.users ", &format!("{command}COPY public.users "), 1).as_bytes()));
    check("loading failed, and the target is unchanged").await;
    assert!(!touched.exists());
    // In a copy of the whole store, the pointer still names the original.
    damage.pointer(|text| text.replace("file://", "s3://original"));
    let listed = place.run("postgres://unused", &["backup", "status"]).await;
    assert!(listed.stderr.is_empty() && listed.code == 0, "{}", listed.stderr);
    damage.repair();

    assert!(refused >= 50, "{refused}");
    let ran = place.run("postgres://unused", &["restore", "--from", "latest", "--into", &into]).await;
    assert_eq!(ran.code, 0, "repaired, it restores: {}{}", ran.stdout, ran.stderr);
    copy.remove().await.unwrap();
}

#[apply(app_test)]
async fn a_damaged_archive_in_the_custom_format_leaves_the_target_unchanged(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    let ran = place.run(&url(&db), &["backup", "--json", "--format", "custom"]).await;
    let newest = Backup::of(&place, &serde_json::from_str(&ran.stdout).unwrap());
    let damage = Damage { place: &place, newest: &newest, files: BTreeMap::new() };
    let copy = scratch(&db).await;
    let into = ["restore", "--from", "latest", "--into", &copy.url, "--replace"];
    assert_eq!(place.run("postgres://unused", &into).await.code, 0);
    let before = tables(&copy.url).await;
    damage.forged(&newest.dump[..newest.dump.len() * 2 / 3]);
    let ran = place.run("postgres://unused", &into).await;
    assert!(ran.code == 1 && ran.stderr.contains("loading failed, and the target is unchanged"), "{}", ran.stderr);
    assert_eq!(tables(&copy.url).await, before);
    assert_eq!(place.run(&copy.url, &["restore-verify"]).await.code, 0);
    copy.remove().await.unwrap();
}
