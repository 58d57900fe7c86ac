//! Rules for the whole repository: names that two programs use, and database addresses in code.

use std::{path::Path, process::Command};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn workspace() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn cargo_leptos_finds_the_crates_names_and_folders_that_bin_build_uses() {
    let workspace = workspace();
    let leptos = &workspace["metadata"]["leptos"][0];
    let packages = workspace["packages"].as_array().unwrap();
    let package = |name: &Value| packages.iter().find(|package| package["name"] == *name).unwrap();
    let library = package(&leptos["lib-package"]);
    assert!(library["targets"][0]["crate_types"].as_array().unwrap().contains(&"cdylib".into()));
    assert!(library["features"].as_object().unwrap().contains_key("hydrate"));
    let binary = package(&leptos["bin-package"]);
    let names: Vec<_> = binary["targets"].as_array().unwrap().iter().map(|target| &target["name"]).collect();
    // Without the second, `cargo leptos watch` looks for a program named like the package.
    assert!(names.contains(&&leptos["bin-target"]) && names.contains(&&leptos["bin-exe-name"]), "{names:?}");
    for folder in ["style-file", "assets-dir"] {
        assert!(root().join(leptos[folder].as_str().unwrap()).exists(), "{folder}");
    }
    let config = std::fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    assert!(
        config.contains(&format!("LEPTOS_OUTPUT_NAME = {}", leptos["output-name"])),
        "one name for the browser's files"
    );
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains(&format!("[profile.{}]", leptos["lib-profile-release"].as_str().unwrap())));
}

/// Every file of source code under `folder`.
fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| ["rs", "sql", "html", "txt"].map(AsRef::as_ref).contains(&extension))
        })
        .collect()
}

#[test]
fn the_only_database_address_in_the_code_is_the_example_of_the_configuration() {
    let address = ["postgres", "://"].concat();
    let other = ["postgresql", "://"].concat();
    let mut found = Vec::new();
    let mut searched = 0;
    for folder in ["src", "app/src", "server/src", "migrations"] {
        for path in sources(&root().join(folder)) {
            searched += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            // Addresses in unit tests are only parsed.
            let code = text.split("#[cfg(test)]").next().unwrap();
            for line in code.lines().filter(|line| line.contains(&address) || line.contains(&other)) {
                found.push((path.strip_prefix(root()).unwrap().display().to_string(), line.trim().to_owned()));
            }
        }
    }
    assert!(searched > 200, "{searched}");
    let elsewhere: Vec<_> = found.iter().filter(|(path, _)| !path.starts_with("server/src/config")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    let example = format!("{address}user:password@host/database");
    assert!(!found.is_empty() && found.iter().all(|(_, line)| line.contains(&example)), "{found:?}");
}
