//! Files into a folder, each whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::post::carrier::Refusal;
use crate::post::letter::Attachment;

/// The way to a folder.
#[derive(Clone, Debug)]
pub struct FolderWay(pub PathBuf);

impl FolderWay {
    /// Puts the files there. Done twice it comes to the same.
    pub fn put(&self, files: &[Attachment]) -> Result<(), Refusal> {
        let put = files.iter().try_for_each(|file| self.put_one(file)).and_then(|()| File::open(&self.0)?.sync_all());
        put.map_err(|error| Refusal::ForNow(format!("{}: {error}", self.0.display())))
    }

    fn put_one(&self, file: &Attachment) -> io::Result<()> {
        let Some(name) = Path::new(&file.name).file_name() else {
            return Err(io::Error::other(format!("`{}` is no name of a file", file.name)));
        };
        // Whoever watches the folder sees a file only when it is whole.
        let part = self.0.join(format!(".{}.part", file.name));
        let mut written = File::create(&part)?;
        written.write_all(&file.content)?;
        written.sync_all()?;
        std::fs::rename(&part, self.0.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_there_whole_and_a_folder_that_is_away_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let file =
            |name: &str| Attachment { name: name.into(), media_type: "text/csv".into(), content: b"a;b".to_vec() };
        let way = FolderWay(folder.path().to_owned());
        for _ in 0..2 {
            way.put(&[file("nov.csv"), file("nov.html")]).unwrap();
        }
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["nov.csv", "nov.html"]);
        assert_eq!(std::fs::read(folder.path().join("nov.csv")).unwrap(), b"a;b");
        let away = FolderWay(folder.path().join("away"));
        assert!(matches!(away.put(&[file("nov.csv")]), Err(Refusal::ForNow(_))));
    }
}
