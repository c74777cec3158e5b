//! The read-only view has no operation that writes. The documentation test of `ReadOnlyApi` shows for one operation that a call does not
//! compile; these tests search the sources for all of them.

use std::{collections::BTreeSet, fs, path::Path};

const READ_ONLY: &str = "impl<Access> Api<Access> {";
const READ_WRITE: &str = "impl Api<ReadWrite> {";

/// The text of every source file of the client.
fn sources(directory: &Path) -> Vec<String> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![fs::read_to_string(path).unwrap()]
            }
        })
        .collect()
}

/// The bodies of all blocks that begin with `head`.
fn blocks(head: &str) -> Vec<String> {
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let of_one = |source: &String| {
        let bodies = source.split(head).skip(1);
        bodies
            .map(|rest| rest.split("\n}\n").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    sources(&client).iter().flat_map(of_one).collect()
}

fn calls(block: &str) -> impl Iterator<Item = String> {
    let names = block.split("pub async fn ").skip(1);
    names.map(|rest| rest.split('(').next().unwrap().to_owned())
}

#[test]
fn what_every_view_has_reads() {
    let blocks = blocks(READ_ONLY);
    assert!(blocks.len() >= 6, "the blocks are no longer found: {}", blocks.len());
    for block in blocks {
        for method in ["Method::PUT", "Method::PATCH", "Method::DELETE"] {
            assert!(!block.contains(method), "{block}");
        }
        // The search by key is a POST that creates nothing: its body keeps the user name out of the URL.
        let posts = block.matches("Method::POST").count();
        assert_eq!(
            posts,
            block.matches("Operation::FindUser, Method::POST").count(),
            "{block}"
        );
        assert!(!block.contains(".key("), "{block}");
    }
}

#[test]
fn what_writes_is_there_for_those_who_may_write_only() {
    let found: BTreeSet<String> = blocks(READ_WRITE).iter().flat_map(|block| calls(block)).collect();
    let expected = [
        "add_address",
        "add_identifier",
        "create_organization",
        "create_pool",
        "delete_organization",
        "delete_pool",
        "delete_user",
        "import",
        "import_once",
        "patch_user",
        "remove_address",
        "remove_identifier",
        "revoke_tokens",
        "update_address",
        "update_organization",
        "update_user",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
    let reading: BTreeSet<String> = blocks(READ_ONLY).iter().flat_map(|block| calls(block)).collect();
    assert!(reading.is_disjoint(&found));
}
